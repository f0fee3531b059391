"""Block diffusion that starts from a draft, over the fake model of the block tests."""

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from mdocr.decoding.blocks import denoise
from mdocr.decoding.line_drafts import ctc_reading, line_draft
from mdocr.decoding.requests import BlockOptions, TokenDraft
from mdocr.errors import UsageError
from tests.unit.decoding.test_blocks import MASK, STOP, Fake, request, run


def drafted(tokens, confidences, **options):
    draft = TokenDraft(tuple(tokens), tuple(confidences))
    return replace(request(block_length=4, **options), draft=draft)


def test_a_text_that_is_sure_throughout_takes_no_pass():
    fake = Fake()
    (made,) = run(fake, drafted([5, 5, 2, 3, 4, STOP], [0.95] * 6, max_tokens=12))
    assert made.tokens == (5, 5, 2, 3, 4)
    assert made.steps == (0,) * 5
    assert made.confidences == (0.95,) * 5
    assert (made.passes, fake.feeds) == (0, [])


def test_only_what_is_unsure_is_denoised():
    fake = Fake()
    (made,) = run(fake, drafted([5, 5, 5, 5], [0.95, 0.6, 0.95, 0.89], max_tokens=4))
    assert made.tokens == (5, 1, 5, 3)
    assert made.steps == (0, 1, 0, 1)
    assert made.passes == 1


def test_a_final_draft_takes_no_pass_however_unsure_it_is():
    fake = Fake()
    asked = drafted([5, 2, STOP], [0.2, 0.3, 0.1], max_tokens=8)
    (made,) = run(fake, replace(asked, draft=replace(asked.draft, is_final=True)))
    assert (made.tokens, made.confidences) == ((5, 2), (0.2, 0.3))
    assert (made.passes, fake.feeds) == (0, [])


def test_drafted_blocks_travel_with_the_first_that_holds_masks():
    fake = Fake()
    (made,) = run(fake, drafted([6] * 9, [1.0] * 9, max_tokens=16))
    assert made.tokens == (*[6] * 9, 2, 3, 4, 5, 6, 0, 1)
    (first,), (second,) = fake.feeds
    assert (first.start, first.tokens) == (0, (0, 1, 2, *[6] * 9, *[MASK] * 3))
    assert first.visible == (3,) * 3 + (7,) * 4 + (11,) * 4 + (15,) * 4
    assert second.start == 11


def test_a_draft_without_its_end_leaves_the_end_to_the_model():
    (made,) = run(Fake(stop=5), drafted([6] * 4, [1.0] * 4, max_tokens=12))
    assert made.tokens == (6, 6, 6, 6, 4)
    assert made.passes == 1


def test_masks_in_a_draft_and_what_is_beyond_the_longest_text_are_left_out():
    (made,) = run(Fake(), drafted([6, MASK, *[6] * 6], [1.0] * 8, max_tokens=4))
    assert made.tokens == (6, 1, 6, 6)


def test_settled_texts_leave_their_place_to_others():
    fake = Fake()
    sure = drafted([6, STOP], [1.0] * 2, max_tokens=4)
    made = run(fake, sure, sure, request(block_length=4, max_tokens=4), sure, batch_size=1)
    assert [one.passes for one in made] == [0, 0, 1, 0]
    assert len(fake.feeds) == 1


class GrowingRequests:
    """A second request is there only once the first text is taken."""

    def __init__(self, request):
        self.request = request
        self.ready = 1

    def __iter__(self):
        return self

    def __next__(self):
        if not self.ready:
            raise StopIteration
        self.ready -= 1
        return self.request


def test_requests_that_settled_texts_lead_to_are_drawn():
    requests = GrowingRequests(drafted([6, STOP], [1.0] * 2, max_tokens=4))
    made = denoise(Fake(), requests, MASK)
    first = next(made)
    requests.ready += 1
    assert [number for number, _ in chain([first], made)] == [0, 1]


def test_the_threshold_of_drafts_is_a_probability():
    with pytest.raises(UsageError, match="draft threshold"):
        BlockOptions(draft_threshold=1.5)


def frames(*rows):
    """Probabilities [P, 4]; the first class is the blank."""
    return np.array(rows, np.float32)


BLANK, A, B, DOUBTFUL = (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0.6, 0.4)


def test_repeats_and_blanks_are_taken_out():
    draft = line_draft(frames(A, A, BLANK, A, B, BLANK), STOP, bar=0.9)
    assert draft.tokens == (1, 1, 2, STOP)
    assert draft.confidences == (1.0,) * 4


def test_an_empty_line_is_its_end():
    assert line_draft(frames(BLANK, BLANK), STOP, bar=0.9).tokens == (STOP,)


def test_behind_one_doubtful_character_others_keep_their_places():
    draft = line_draft(frames(A, BLANK, DOUBTFUL, BLANK, A), STOP, bar=0.9)
    assert draft.tokens == (1, 2, 1, STOP)
    assert draft.confidences == pytest.approx((1, 0.6, 1, 1))


def test_nothing_behind_a_second_doubtful_character_is_drafted():
    twice = frames(A, BLANK, DOUBTFUL, BLANK, DOUBTFUL, BLANK, A)
    assert line_draft(twice, STOP, bar=0.9).tokens == (1, 2)


def test_nothing_behind_what_may_be_a_hidden_character_is_drafted():
    hidden = (0.7, 0, 0, 0.3)
    assert line_draft(frames(A, BLANK, hidden, B), STOP, bar=0.9).tokens == (1,)


def test_a_blurred_edge_hides_no_character():
    edge = (0.6, 0.3, 0.1, 0)
    assert line_draft(frames(A, edge, B, BLANK), STOP, bar=0.9).tokens == (1, 2, STOP)


SPECK = (0.3, 0.05, 0.4, 0.25)


def test_a_line_of_unsure_characters_keeps_what_the_head_reads():
    draft = line_draft(frames(*[SPECK, BLANK] * 6), STOP, bar=0.9)
    assert draft.is_final
    assert draft.tokens == (*[2] * 6, STOP)
    assert sum(draft.confidences[:-1]) / 6 < 0.5


def test_unsure_places_count_against_a_line_as_unsure_characters_do():
    surely = (0.3, 0.7, 0, 0)
    plain = frames(*[surely, BLANK] * 6)
    assert not line_draft(plain, STOP, bar=0.9).is_final
    hidden = (0.5, 0, 0.45, 0.05)
    crowded = frames(*[hidden, surely] * 6)
    assert line_draft(crowded, STOP, bar=0.9).is_final


def test_few_characters_are_left_to_the_decoder():
    assert not line_draft(frames(*[SPECK, BLANK] * 5), STOP, bar=0.9).is_final
    nearly = (0.6, 0.4, 0, 0)
    assert line_draft(frames(BLANK, nearly, BLANK), STOP, bar=0.9).tokens == ()


def test_the_reading_of_the_head_is_whole():
    hidden = (0.6, 0, 0, 0.4)
    made = ctc_reading(frames(A, BLANK, hidden, B), STOP)
    assert made.is_final
    assert made.tokens == (1, 2, STOP)
    assert made.confidences == pytest.approx((1, 0.6, 1))
