"""Drafts of block diffusion: the tokens of plain decoding in fewer passes, whatever the draft."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch

from mdocr.decoding.blocks import denoise
from mdocr.decoding.draft_alignment import agreeing, resumption
from mdocr.decoding.requests import BlockOptions, Request, TokenDraft
from mdocr.decoding.verification import started

MASK, STOP, VOCABULARY = 49, 48, 50
PROMPT = (1, 2, 3)


class Reader:
    """Writes one text; each token that it sees masked is doubtful by how many masks are before it.

    It looks at what it is fed as a real model does: only at what is visible, by way of slots. A
    token that does not see the right text before it comes out wrong, or, where it is
    ``forgiving``, as what follows the end of what it sees.
    """

    def __init__(self, text: tuple[int, ...], clear: int = 2, forgiving: bool = False) -> None:
        self.text = text
        self.clear = clear
        self.forgiving = forgiving
        self.kept: dict[int, tuple[int, int]] = {}  # slot → position and token
        self.passes = self.tokens = 0

    def __call__(self, feeds) -> torch.Tensor:
        (feed,) = feeds
        self.passes += 1
        self.tokens += len(feed.tokens)
        positions = feed.positions or tuple(range(feed.start, feed.start + len(feed.tokens)))
        slots = feed.slots or positions
        assert max(slots) < feed.capacity
        self.kept |= dict(zip(slots, zip(positions, feed.tokens, strict=True), strict=True))
        return torch.cat([self._row(feed, positions, index) for index in feed.queries])

    def _row(self, feed, positions, index) -> torch.Tensor:
        first, last = feed.own[index] if feed.own else (0, 0)
        slots = {*range(feed.visible[index]), *range(first, last)}
        seen = dict(self.kept[slot] for slot in slots)
        assert len(seen) == len(slots)  # no position twice
        place = positions[index] - len(PROMPT)
        before = [seen.get(at + len(PROMPT)) for at in range(place)]
        masks = before.count(MASK)
        known = [token for token in before if token != MASK]
        right = all(a == b for a, b in zip(before, self.padded(place), strict=True) if a != MASK)
        token = self.padded(place + 1)[-1] if right else (sum(known) * 7 + place) % 40
        if self.forgiving and not right:
            end = max(at for at, one in enumerate(before) if one != MASK) + 1
            found = resumption(self.text, end, before[:end]) if MASK not in before[:end] else None
            token = token if found is None else self.padded(found + place - end + 1)[-1]
        return self.likely(token, 0.97 if masks < self.clear else 0.6)

    def padded(self, length: int) -> list[int]:
        return [*self.text, *[STOP] * length][:length]

    @staticmethod
    def likely(token: int, sure: float) -> torch.Tensor:
        row = torch.full((1, VOCABULARY), (1 - sure) / (VOCABULARY - 1)).log()
        row[0, token] = float(np.log(sure))
        return row


def text_of(length: int, seed: int = 0) -> tuple[int, ...]:
    return tuple(np.random.default_rng(seed).integers(4, 40, length).tolist())


def read(
    text: tuple[int, ...],
    draft: tuple[int, ...] = (),
    acceptance: float | None = None,
    block_length: int = 8,
    forgiving: bool = False,
    **options,
):
    reader = Reader(text, forgiving=forgiving)
    chosen = BlockOptions(block_length=block_length, acceptance=acceptance, **options)
    known = TokenDraft(draft, (0.0,) * len(draft))
    asked = Request(PROMPT, chosen, frozenset({STOP}), draft=known)
    ((_, made),) = denoise(reader, [asked], MASK, 4, started)
    assert reader.passes == made.passes
    assert len(made.steps) == len(made.confidences) == len(made.tokens)
    return made, reader


TEXT = text_of(61)

DRAFTS: dict[str, tuple[int, ...]] = {
    "right": (*TEXT, STOP),
    "right without an end": TEXT,
    "one token wrong": (*TEXT[:20], 41, *TEXT[21:], STOP),
    "a token missing": (*TEXT[:20], *TEXT[21:], STOP),
    "a token more": (*TEXT[:20], 41, *TEXT[20:], STOP),
    "many wrong": (*(41 if at % 7 == 3 else one for at, one in enumerate(TEXT)), STOP),
    "the beginning missing": (*TEXT[17:], STOP),
    "too short": (*TEXT[:30], STOP),
    "whole blocks and the end": (*TEXT[:31], STOP),
    "too long": (*TEXT, *TEXT, STOP),
    "of another text": (*text_of(50, seed=1), STOP),
    "with a mask": (*TEXT[:9], MASK, *TEXT[10:], STOP),
    "an end in the middle": (*TEXT[:20], STOP, *TEXT[20:]),
}


@pytest.mark.parametrize("block_length", [1, 4, 8, 32])
@pytest.mark.parametrize("draft", DRAFTS.values(), ids=DRAFTS.keys())
def test_tokens_are_those_of_plain_decoding(draft, block_length):
    plain, _ = read(TEXT, block_length=block_length)
    made, _ = read(TEXT, draft, acceptance=1.0, block_length=block_length)
    assert made.tokens == plain.tokens == TEXT
    assert made.passes <= plain.passes
    if block_length > 1:
        assert set(made.steps) <= set(range(1, made.passes + 1))


@pytest.mark.parametrize("draft", DRAFTS.values(), ids=DRAFTS.keys())
def test_so_they_are_where_blocks_mend_the_draft(draft):
    made, _ = read(TEXT, draft, acceptance=1.0, forgiving=True)
    assert made.tokens == TEXT


@pytest.mark.parametrize("draft", DRAFTS.values(), ids=DRAFTS.keys())
@pytest.mark.parametrize("options", [{"steps": 3}, {"steps": 3, "revise": False}])
def test_fewer_steps_than_tokens(draft, options):
    plain, _ = read(TEXT, **options)
    made, _ = read(TEXT, draft, acceptance=1.0, **options)
    assert (made.tokens, made.confidences) == (plain.tokens, plain.confidences)


@pytest.mark.parametrize("draft", DRAFTS.values(), ids=DRAFTS.keys())
@pytest.mark.parametrize("longest", [5, 8, 30])
def test_a_text_is_cut_where_plain_decoding_cuts_it(draft, longest):
    plain, _ = read(TEXT, max_tokens=longest)
    assert read(TEXT, draft, acceptance=1.0, max_tokens=longest)[0].tokens == plain.tokens


def test_a_right_draft_takes_the_passes_of_one_block():
    plain, _ = read(TEXT)
    made, reader = read(TEXT, DRAFTS["right"], acceptance=1.0)
    assert (plain.passes, made.passes) == (31, 4)
    assert reader.tokens == len(PROMPT) + 56 + 3 * 64 + 56  # the last block takes three passes


def test_autoregressive_decoding_takes_one_pass():
    assert read(TEXT, DRAFTS["right"], acceptance=1.0, block_length=1)[0].passes == 1


def test_two_sources_that_agree_are_enough():
    made, reader = read(TEXT, DRAFTS["right"], acceptance=0.5)
    assert (made.tokens, made.passes) == (TEXT, 4)  # of 1, 2, 4 and 1 blocks
    assert reader.tokens == len(PROMPT) + 56 + 64  # once as the draft, once as masks


@pytest.mark.parametrize("draft", DRAFTS.values(), ids=DRAFTS.keys())
def test_where_two_sources_are_enough_no_draft_costs_more_than_none(draft):
    plain, without = read(TEXT)
    made, reader = read(TEXT, draft, acceptance=0.5, forgiving=True)
    assert made.tokens == TEXT
    assert made.passes <= plain.passes and reader.tokens <= 1.2 * without.tokens


def test_a_draft_that_moves_inside_a_block_is_accepted_behind_it():
    """One token more in the draft: what follows it agrees a place further on."""
    known = (*TEXT[:34], 41, *TEXT[34:], STOP)
    made, _ = read(TEXT, known, acceptance=0.5, block_length=32, forgiving=True)
    assert made.tokens == TEXT and made.passes <= 5


@pytest.mark.parametrize(
    ("block", "draft", "beside", "agreed"),
    [
        ("abcdefgh", "abcdefgh", "", "abcdefgh"),
        ("abcdefgh", "abxdefgh", "", "ab.defgh"),
        ("abcdefgh", "abxcdefg", "........abxcdefgh.......", "abcdefgh"),  # one more
        ("abcdefgh", "abdefghi", "........abdefghi........", "ab.defgh"),  # one missing
        ("abcdefgh", "hgfedcba", "........ghxxefxx........", "........"),  # two are no run
        ("abcdefgh", "abc", "........abc", "abc....."),
    ],
)
def test_where_a_block_agrees_with_its_draft(block, draft, beside, agreed):
    codes = [tuple(map(ord, text)) for text in (block, draft, beside)]
    found = agreeing(*codes)
    assert "".join(a if is_so else "." for a, is_so in zip(block, found, strict=True)) == agreed


def test_a_draft_goes_on_behind_what_it_does_not_have():
    plain, _ = read(TEXT)
    for name in ("a token missing", "a token more", "one token wrong", "many wrong"):
        made, _ = read(TEXT, DRAFTS[name], acceptance=1.0, forgiving=True)
        assert made.passes <= 12 < plain.passes, name


def test_a_draft_without_acceptance_is_not_verified():
    assert read(TEXT, DRAFTS["right"])[0].passes == read(TEXT)[0].passes


def test_texts_are_verified_beside_others():
    made = {}
    chosen = BlockOptions(block_length=8, acceptance=1.0)
    requests = [
        Request(PROMPT, chosen, frozenset({STOP}), draft=TokenDraft(DRAFTS[name]))
        for name in ("right", "many wrong", "a token missing")
    ]
    readers = [Reader(TEXT) for _ in requests]

    def predict(feeds):
        return torch.cat([readers[feed.sequence]([feed]) for feed in feeds])

    made = dict(denoise(predict, requests, MASK, 4, started))
    assert [one.tokens for _, one in sorted(made.items())] == [TEXT] * 3


@pytest.mark.parametrize(
    ("written", "near", "place"),
    [
        ((1, 2, 3), 3, 3),
        ((1, 2, 9), 3, 3),  # another token in the place of one
        ((9, 4, 5), 2, 5),  # one missing in the draft, or more
        ((7, 8), 3, 8),
        ((6, 9, 9), 3, None),
        ((), 0, None),
    ],
)
def test_where_a_draft_goes_on(written, near, place):
    assert resumption((1, 2, 3, 4, 5, 6, 7, 8), near, written) == place


def test_of_several_places_the_nearest():
    find: Callable[[int], int | None] = partial(resumption, (1, 2, 0, 1, 2, 0, 1, 2, 0))
    assert [find(near, (1, 2)) for near in (1, 4, 9)] == [2, 5, 8]
