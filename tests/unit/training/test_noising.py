"""The rules by which words are noised, each over many draws."""

import pytest
import torch
from torch import Tensor

from mdocr.models.charset import ENGLISH, Charset
from mdocr.training.recognizer import noising
from mdocr.training.recognizer.noising import RULES, Draws, Words

CHARSET = Charset(ENGLISH)
LENGTH = 26
COPIES = 40


def make_words(lengths: list[int]) -> Words:
    """Random words; the lengths count EOS."""
    generator = torch.Generator().manual_seed(7)
    labels = torch.full((len(lengths), LENGTH), CHARSET.pad_id)
    for row, length in enumerate(lengths):
        labels[row, : length - 1] = torch.randint(1, 95, (length - 1,), generator=generator)
        labels[row, length - 1] = CHARSET.eos_id
    return Words(labels, torch.tensor(lengths))


WORDS = make_words([1, 2, 3, 4, 6, 9, 13, 20, 25, 26])
INSIDE = WORDS.valid[:, None].expand(-1, COPIES, -1)
CONFIDENCE = torch.rand(10, LENGTH, generator=torch.Generator().manual_seed(3))


def draw(rule: str | None = None, seed: int = 0) -> Draws:
    draws = noising.draw(len(WORDS.lengths), COPIES, LENGTH, torch.Generator().manual_seed(seed))
    if rule is None:
        return draws
    kind = torch.full_like(draws.kind, list(RULES).index(rule))
    return Draws(kind, draws.level, draws.block, draws.each)


def hidden_by(rule: str, seed: int = 0) -> Tensor:
    return noising.mask(WORDS, draw(rule, seed), CONFIDENCE.__getitem__)


def refuse(rows: Tensor) -> Tensor:
    raise AssertionError("no rule asked for confidence")


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", range(5))
def test_something_is_hidden_and_nothing_behind_eos(rule, seed):
    hidden = hidden_by(rule, seed)
    assert hidden.any(-1).all()
    assert not (hidden & ~INSIDE).any()


def test_extreme_draws_keep_the_promises():
    draws = draw()
    for level in (0.0, 1 - 2**-24):
        for rule in range(len(RULES)):
            kind = torch.full_like(draws.kind, rule)
            each = torch.full_like(draws.each, level)
            extreme = torch.full_like(draws.level, level)
            edge = Draws(kind, extreme, extreme, each)
            hidden = noising.mask(WORDS, edge, torch.ones_like(CONFIDENCE).__getitem__)
            assert hidden.any(-1).all(), rule
            assert not (hidden & ~INSIDE).any(), rule


def test_all_seven_rules_are_drawn_about_equally_often():
    assert len(RULES) == 7
    counts = noising.draw(700, 10, 1, torch.Generator().manual_seed(0)).kind.flatten().bincount()
    assert counts.min() > 900
    assert counts.max() < 1100


def test_random_hides_the_share_that_its_level_says():
    words = make_words([26] * 2000)
    draws = noising.draw(2000, 1, LENGTH, torch.Generator().manual_seed(0))
    kind = torch.zeros_like(draws.kind)
    for level in (0.2, 0.7):
        levels = torch.full_like(draws.level, level)
        draws = Draws(kind, levels, draws.block, draws.each)
        assert noising.mask(words, draws, refuse).float().mean() == pytest.approx(level, abs=0.01)


def test_full_hides_all():
    assert torch.equal(hidden_by("full"), INSIDE)


def test_right_hides_an_end_and_left_a_beginning():
    lengths = WORDS.lengths[:, None]
    positions = torch.arange(LENGTH)
    for rule in ("right", "left"):
        hidden = hidden_by(rule)
        count = hidden.sum(-1, keepdim=True)
        start = lengths[..., None] - count if rule == "right" else torch.zeros_like(count)
        assert torch.equal(hidden, (positions >= start) & (positions < start + count))
        several = (lengths > 1).expand_as(count[..., 0])
        assert (count[..., 0] < lengths)[several].all()
        assert set(count[4, :, 0].tolist()) == {1, 2, 3, 4, 5}  # of six positions


def test_cloze_hides_exactly_one_and_any():
    hidden = hidden_by("cloze")
    assert (hidden.sum(-1) == 1).all()
    assert set(hidden[4].nonzero()[:, 1].tolist()) == set(range(6))


def test_low_confidence_hides_what_is_below_the_mean():
    hidden = hidden_by("low-confidence")
    for row, length in enumerate(WORDS.lengths.tolist()):
        scores = CONFIDENCE[row, :length]
        expected = scores < scores.mean()
        if length > 1:
            assert torch.equal(hidden[row, 0, :length], expected)


def test_block_low_confidence_hides_all_behind_a_window_and_the_unsure_in_it():
    hidden = hidden_by("block-low-confidence")
    borders = set()
    for row, length in enumerate(WORDS.lengths.tolist()):
        scores = CONFIDENCE[row, :length]
        for copy in hidden[row, :, :length]:
            matches = [
                border
                for border in range(1, length + 1)
                if copy[border:].all()
                and torch.equal(copy[:border], scores[:border] < scores[:border].mean())
            ]
            assert matches or copy.sum() == 1
            borders |= {matches[0] / length} if matches else set()
    assert len(borders) > 10


def test_confidence_is_asked_for_only_where_it_is_needed():
    for rule in ("random", "full", "right", "left", "cloze"):
        noising.mask(WORDS, draw(rule), refuse)
    for rule in ("low-confidence", "block-low-confidence"):
        with pytest.raises(AssertionError, match="no rule"):
            noising.mask(WORDS, draw(rule), refuse)
    draws, asked = draw("low-confidence"), []
    draws.kind[::2] = 0
    noising.mask(WORDS, draws, lambda rows: (asked.append(rows), CONFIDENCE[rows])[1])
    assert [rows.tolist() for rows in asked] == [[1, 3, 5, 7, 9]]


def test_each_copy_follows_its_own_rule():
    draws = draw()
    hidden = noising.mask(WORDS, draws, CONFIDENCE.__getitem__)
    for index, rule in enumerate(RULES):
        chosen = draws.kind == index
        assert torch.equal(hidden[chosen], hidden_by(rule)[chosen])


def test_the_draws_of_some_rows_give_the_noise_of_those_rows():
    draws = draw()
    whole = noising.mask(WORDS, draws, CONFIDENCE.__getitem__)
    part = Words(WORDS.labels[3:7], WORDS.lengths[3:7])
    assert torch.equal(
        noising.mask(part, draws.rows(3, 7), CONFIDENCE[3:7].__getitem__),
        whole[3:7],
    )


def test_hidden_positions_and_those_behind_eos_are_fed_as_mask():
    hidden = hidden_by("random")
    tokens = noising.hide(WORDS, hidden, CHARSET)
    labels = WORDS.labels[:, None].expand_as(tokens)
    shown = INSIDE & ~hidden
    assert torch.equal(tokens[shown], labels[shown])
    assert (tokens[~shown] == CHARSET.mask_id).all()


def test_replacement_puts_other_characters_in_and_mask_behind_eos():
    draws = draw(seed=5)
    drawn = noising.draw_characters(10, COPIES, LENGTH, CHARSET, torch.Generator().manual_seed(1))
    assert drawn.min() == 1
    assert drawn.max() == len(CHARSET)
    drawn[:, 0] = WORDS.labels.clamp(1, len(CHARSET))  # true characters are drawn too
    tokens = noising.replace(WORDS, drawn, draws, CHARSET)
    labels = WORDS.labels[:, None].expand_as(tokens)
    wrong = draws.each < draws.level
    assert (tokens[~INSIDE] == CHARSET.mask_id).all()
    assert torch.equal(tokens[INSIDE & ~wrong], labels[INSIDE & ~wrong])
    replaced = tokens[INSIDE & wrong]
    assert (replaced != labels[INSIDE & wrong]).all()
    assert replaced.min() >= 1
    assert replaced.max() <= len(CHARSET)
