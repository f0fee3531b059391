"""Block diffusion over a fake model, whose answers depend on the positions alone."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from mdocr.decoding.blocks import denoise, visible_positions
from mdocr.decoding.choices import likeliest, sampled, select
from mdocr.decoding.requests import BlockOptions, Request
from mdocr.errors import DeviceError, UsageError
from mdocr.models.attention import block_mask

MASK, STOP, VOCABULARY = 9, 8, 10


class Fake:
    """Predicts token ``position % 7`` with the given confidence at each generated position."""

    def __init__(self, prompt=3, confidences=None, stop=None):
        self.prompt = prompt
        self.confidences = confidences or {}
        self.stop = stop
        self.feeds = []

    def __call__(self, feeds):
        self.feeds.append(list(feeds))
        return torch.cat([self.row(f.start + i - self.prompt) for f in feeds for i in f.queries])

    def row(self, position):
        confidence = self.confidences.get(position, 0.99)
        rest = (1 - confidence) / (VOCABULARY - 2)
        row = torch.full((1, VOCABULARY), rest).log()
        row[0, STOP if position == self.stop else position % 7] = torch.tensor(confidence).log()
        row[0, MASK] = 50.0  # a decoder that does not suppress the mask falls for it
        return row


def run(fake, *requests, batch_size=8):
    made = dict(denoise(fake, requests, MASK, batch_size))
    return [made[number] for number in range(len(requests))]


def request(prompt=3, **options):
    return Request(tuple(range(prompt)), BlockOptions(**options), frozenset({STOP}))


def test_sure_tokens_are_committed_at_once():
    (made,) = run(Fake(), request(block_length=4, max_tokens=8))
    assert made.tokens == (0, 1, 2, 3, 4, 5, 6, 0)
    assert made.steps == (1, 1, 1, 1, 2, 2, 2, 2)
    assert made.confidences == pytest.approx([0.99] * 8, abs=1e-6)
    assert made.passes == 2
    assert made.text == ""


def test_the_surest_goes_first_where_none_is_above_the_threshold():
    fake = Fake(confidences={0: 0.3, 1: 0.6, 2: 0.5, 3: 0.4})
    (made,) = run(fake, request(block_length=4, max_tokens=4))
    assert made.steps == (4, 1, 2, 3)


def test_scheduled_numbers_are_committed_with_the_remainder_first():
    assert BlockOptions(block_length=8, steps=3).schedule == (3, 3, 2)
    assert BlockOptions(block_length=4).schedule == (1, 1, 1, 1)
    fake = Fake(confidences={at: 0.2 + at / 100 for at in range(8)})
    (made,) = run(fake, request(block_length=8, steps=3, max_tokens=8))
    assert made.steps == (3, 3, 2, 2, 2, 1, 1, 1)


def test_finished_blocks_travel_with_the_next_one():
    fake = Fake()
    run(fake, request(block_length=4, max_tokens=12))
    first, second, third = (feeds[0] for feeds in fake.feeds)
    assert (first.start, first.tokens) == (0, (0, 1, 2, *[MASK] * 4))
    assert first.visible == (3, 3, 3, 7, 7, 7, 7)
    assert (second.start, second.tokens) == (3, (0, 1, 2, 3, *[MASK] * 4))
    assert second.visible == (7,) * 4 + (11,) * 4
    assert third.start == 7
    assert {feed[0].capacity for feed in fake.feeds} == {15}


def test_only_masked_tokens_are_asked_for():
    fake = Fake(confidences={1: 0.5, 2: 0.4})
    run(fake, request(block_length=4, max_tokens=4))
    assert [feeds[0].queries for feeds in fake.feeds] == [(3, 4, 5, 6), (1, 2), (2,)]
    assert fake.feeds[1][0].tokens == (0, MASK, MASK, 3)


def test_the_end_comes_when_all_before_the_stop_token_is_known():
    fake = Fake(stop=2, confidences={at: 0.5 for at in range(3, 8)})
    (made,) = run(fake, request(block_length=8, max_tokens=64))
    assert made.tokens == (0, 1)
    assert made.passes == 1  # five tokens behind the stop token were still masked


def test_the_stop_token_waits_for_those_before_it():
    fake = Fake(stop=6, confidences={1: 0.5, 7: 0.4})
    (made,) = run(fake, request(block_length=8, max_tokens=64))
    assert made.tokens == (0, 1, 2, 3, 4, 5)
    assert made.steps == (1, 2, 1, 1, 1, 1)


def test_an_immediate_stop_gives_an_empty_text():
    (made,) = run(Fake(stop=0), request(block_length=4))
    assert (made.tokens, made.steps, made.confidences) == ((), (), ())


def test_the_text_is_cut_at_the_longest_length():
    fake = Fake(confidences={6: 0.1, 7: 0.1})
    (made,) = run(fake, request(block_length=4, max_tokens=6))
    assert len(made.tokens) == len(made.steps) == len(made.confidences) == 6
    assert made.passes == 2  # positions 6 and 7 stayed masked


def test_block_length_one_is_autoregressive():
    fake = Fake(stop=5)
    (made,) = run(fake, request(block_length=1))
    assert made.steps == (1, 2, 3, 4, 5)
    assert [feeds[0].tokens for feeds in fake.feeds][1:3] == [(0, MASK), (1, MASK)]
    assert fake.feeds[0][0].visible == (1, 2, 3, 4)


def test_sequences_are_reused_and_requests_pulled_only_when_one_is_free():
    drawn = []

    def requests():
        for number in range(7):
            drawn.append(number)
            yield request(block_length=4, max_tokens=4 * (1 + number % 3))

    fake = Fake()
    ends = [(number, len(drawn)) for number, _ in denoise(fake, requests(), MASK, 2)]
    assert sorted(number for number, _ in ends) == list(range(7))
    assert all(made <= done + 2 for done, (_, made) in enumerate(ends))
    assert {feed.sequence for feeds in fake.feeds for feed in feeds} == {0, 1}
    for feeds in fake.feeds:
        assert len({feed.sequence for feed in feeds}) == len(feeds)
        assert len({feed.start == 0 for feed in feeds}) == 1  # newcomers have a pass of their own


def test_each_sequence_has_its_own_options():
    fake = Fake(confidences={at: 0.8 for at in range(8)})
    quick = request(block_length=8, max_tokens=8, threshold=0.7)
    slow = request(block_length=8, max_tokens=8, threshold=0.9)
    fused = request(block_length=2, steps=1, max_tokens=8)
    assert [made.passes for made in run(fake, quick, slow, fused)] == [1, 8, 4]


def test_pictures_come_with_the_prompt_only():
    fake = Fake()
    run(fake, replace(request(block_length=4, max_tokens=8), picture="pixels"))
    assert [feeds[0].picture for feeds in fake.feeds] == ["pixels", None]


@pytest.mark.parametrize("revise", [True, False])
def test_committed_tokens_are_decided_anew_only_on_request(revise):
    fake = Fake(confidences={1: 0.5, 2: 0.4, 3: 0.3})
    (made,) = run(fake, request(block_length=4, steps=2, max_tokens=4, revise=revise))
    assert made.tokens == (0, 1, 2, 3)
    assert made.passes == 2
    fake = Fake(confidences={3: 0.3})
    (made,) = run(fake, request(block_length=4, steps=2, max_tokens=4, revise=revise))
    assert len(fake.feeds[1][0].queries) == (4 if revise else 1)
    assert made.steps.count(2) == (2 if revise else 1)
    assert made.steps[3] == 2


def test_draws_are_reproducible_and_independent_of_the_batch():
    asked = [request(block_length=4, max_tokens=32, temperature=3.0, seed=s) for s in (0, 1, 0)]
    together = run(Fake(), *asked)
    in_turn = run(Fake(), *asked, batch_size=1)
    assert together == in_turn
    assert together[0].tokens != together[1].tokens
    assert MASK not in together[0].tokens


def test_the_mask_is_never_the_likeliest_token():
    logits = torch.tensor([[0.0, 1.0, 5.0], [2.0, 1.0, 5.0]])
    tokens, confidences = likeliest(logits, 2)
    assert tokens.tolist() == [1, 0]
    assert confidences.tolist() == pytest.approx([0.7310586] * 2)
    assert logits[0, 2] == 5.0


def test_select_takes_the_sure_and_at_least_so_many():
    confidences = np.array([0.9, 0.1, 0.8, 0.2], np.float32)
    assert select(confidences, 0.7, 1).tolist() == [True, False, True, False]
    assert select(confidences, 0.7, 3).tolist() == [True, False, True, True]
    assert select(confidences, 0.95, 1).tolist() == [True, False, False, False]
    assert select(confidences, 0.95, 4).tolist() == [True] * 4


@pytest.mark.parametrize("least", range(1, 9))
def test_of_equals_those_are_taken_that_torch_takes(least):
    confidences = np.array([0.5, -np.inf, 0.2, -np.inf, 0.5, -np.inf, -np.inf, 0.2], np.float32)
    taken = torch.from_numpy(confidences).topk(least).indices.tolist()
    assert select(confidences, 0.9, least).nonzero()[0].tolist() == sorted(taken)


def test_arrays_and_tensors_choose_alike():
    logits = torch.randn(70, 50_000, generator=torch.Generator().manual_seed(1)) * 3
    logits[:, 9] = 40.0
    for choose in (likeliest, partial(sampled, temperature=0.7)):
        given = {} if choose is likeliest else {"generator": np.random.default_rng(4)}
        tokens, confidences = choose(logits, 9, **given)
        given = {} if choose is likeliest else {"generator": np.random.default_rng(4)}
        again, sure = choose(logits.numpy(), 9, **given)
        assert tokens.tolist() == again.tolist()
        assert confidences == pytest.approx(sure, rel=1e-5)
        assert 9 not in tokens
    assert (logits[:, 9] == 40.0).all()


def test_logits_that_are_not_finite_are_not_sampled_from():
    with pytest.raises(DeviceError, match="not finite"):
        sampled(np.full((2, 4), np.nan, np.float32), 3, 1.0, np.random.default_rng(0))


def test_seeds_of_any_integer_kind():
    first, second = (
        run(Fake(), request(block_length=4, max_tokens=8, temperature=9.0, seed=seed))[0].tokens
        for seed in (3, np.int64(3))
    )
    assert first == second
    run(Fake(), request(block_length=4, max_tokens=8, temperature=9.0, seed=-1))


def test_draws_follow_the_probabilities():
    logits = np.log(np.array([[0.1, 0.6, 0.3, 5.0]], np.float32)).repeat(4000, 0)
    tokens, confidences = sampled(logits, 3, 1.0, np.random.default_rng(0))
    shares = np.bincount(tokens, minlength=4) / 4000
    assert shares == pytest.approx([0.1, 0.6, 0.3, 0.0], abs=0.03)
    assert confidences == pytest.approx(np.array([0.1, 0.6, 0.3])[tokens], rel=1e-5)


@pytest.mark.parametrize(("prompt", "block"), [(45, 4), (7, 8), (8, 8), (5, 1)])
def test_visible_positions_are_the_rows_of_the_mask(prompt, block):
    mask = block_mask(prompt, prompt + 3 * block, block)
    visible = [visible_positions(at, prompt, block) for at in range(len(mask))]
    assert mask.sum(1).tolist() == visible


@pytest.mark.parametrize(
    "options",
    [
        {"threshold": 1.5},
        {"block_length": 0},
        {"steps": 0},
        {"steps": 33},
        {"max_tokens": 0},
        {"temperature": -1.0},
    ],
)
def test_senseless_options_are_refused(options):
    with pytest.raises(UsageError, match=next(iter(options)).replace("_", " ")):
        BlockOptions(**options)


def test_an_empty_prompt_is_refused():
    with pytest.raises(UsageError, match="empty"):
        Request(())


def test_a_text_that_is_unsure_is_given_up_after_a_block():
    unsure = Fake(confidences=dict.fromkeys(range(64), 0.3))
    (made,) = run(unsure, request(block_length=8, max_tokens=64, least_confidence=0.5))
    assert len(made.tokens) == 16
    (made,) = run(unsure, request(block_length=8, max_tokens=64))
    assert len(made.tokens) == 64
    (made,) = run(Fake(), request(block_length=8, max_tokens=64, least_confidence=0.5))
    assert len(made.tokens) == 64
