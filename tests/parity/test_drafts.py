"""Verified drafts on the tiny checkpoint: the tokens of plain decoding, whatever the draft says."""

import pytest
from golden_pages import CASES, GOLDEN, PROMPT, expected, options

from mdocr.errors import UsageError
from mdocr.parsing.loading import load_parser


@pytest.fixture(scope="module")
def parser():
    return load_parser(GOLDEN, device="cpu", dtype="float32")


def written(parser, block_length, draft=None, acceptance=1.0, max_tokens=48, **changes):
    (made,) = parser.generate(
        GOLDEN / "wide.png",
        PROMPT,
        block_length=block_length,
        max_tokens=max_tokens,
        stop_ids=[],
        drafts=None if draft is None else [draft],
        acceptance=acceptance,
        **changes,
    )
    return made


@pytest.fixture(scope="module")
def plain(parser):
    """What is written without a draft, by block length."""
    return {block_length: written(parser, block_length) for block_length in (1, 4, 16)}


def damaged(tokens):
    """With one token wrong, one missing and one more."""
    changed = list(tokens)
    changed[5] = (changed[5] + 1) % 90
    del changed[20]
    changed.insert(30, 7)
    return changed


@pytest.mark.parametrize("block_length", [1, 4, 16])
@pytest.mark.parametrize("change", [list, damaged, lambda tokens: tokens[::-1]])
def test_tokens_are_those_of_plain_decoding(parser, plain, block_length, change):
    expected_tokens = plain[block_length].tokens
    made = written(parser, block_length, change(list(expected_tokens)))
    assert made.tokens == expected_tokens
    assert made.confidences == pytest.approx(plain[block_length].confidences, abs=1e-4)


def test_a_verified_text_of_block_length_one_takes_one_pass(parser, plain):
    made = written(parser, 1, plain[1].tokens)
    assert (made.tokens, made.passes, plain[1].passes) == (plain[1].tokens, 1, 48)


@pytest.mark.parametrize("case", CASES)
def test_the_released_code_writes_the_same(parser, case):
    asked = options(case)
    tokens, _ = expected(case)
    made = written(
        parser,
        asked.block_length,
        damaged(tokens),
        max_tokens=asked.max_tokens,
        threshold=asked.threshold,
        steps=asked.steps,
    )
    assert made.tokens == tokens


def test_drafts_of_several_texts_in_one_batch(parser, plain):
    tokens = plain[4].tokens
    made = parser.generate(
        [GOLDEN / "wide.png"] * 3,
        [PROMPT] * 3,
        block_length=4,
        max_tokens=48,
        stop_ids=[],
        drafts=[tokens, None, damaged(tokens)],
    )
    assert [one.tokens for one in made] == [tokens] * 3


def test_agreement_of_two_sources_takes_fewer_passes(parser, plain):
    exact = written(parser, 16, plain[16].tokens)
    lenient = written(parser, 16, plain[16].tokens, acceptance=0.0)
    assert lenient.passes < exact.passes <= plain[16].passes


def test_a_draft_may_be_a_text(parser):
    request = parser.request(None, "text", _block_options(), draft="a b")
    assert request.draft.tokens == parser.tokenizer.tokens_of("a b")
    assert request.draft.tokens[-1] in parser.tokenizer.stop_ids


def test_the_line_reader_verifies_none():
    lines = load_parser("lite", device="cpu")
    with pytest.raises(UsageError, match="verifies no drafts"):
        lines.request(None, "text", _block_options(), draft="a b")


def test_one_draft_for_each_picture(parser):
    with pytest.raises(UsageError, match="2 drafts for 1 pictures"):
        parser.generate(GOLDEN / "wide.png", PROMPT, drafts=["a", "b"])


def _block_options():
    return options(CASES[0])
