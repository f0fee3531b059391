"""Leaders of a picture: they speak against no draft, and other points do."""

import numpy as np
import pytest

from mdocr.decoding.ctc import Floats, log_softmax, shortfalls
from mdocr.models.charset import Charset
from mdocr.parsing.line_reader.drafts import DraftCharacter
from mdocr.parsing.line_reader.leaders import leaders_of, without_leaders
from mdocr.parsing.line_reader.verification import FAR, claim_of

CHARSET = Charset(tuple(". 0123456789ab"))


def frames_of(text: str) -> Floats:
    """Of a reader that is sure of a text: a frame a character, and a blank behind each."""
    logits = np.zeros((2 * len(text), len(CHARSET.symbols) + 1), np.float32)
    logits[1::2, 0] = 10
    logits[range(0, 2 * len(text), 2), CHARSET.encode(list(text))] = 10
    return log_softmax(logits)


def shortfall(shown: str, claimed: str, charset: Charset = CHARSET) -> tuple[float, float]:
    """Of a draft beside a picture, with its leaders and without."""
    claim = claim_of(tuple(map(DraftCharacter, claimed)), charset)
    frames = frames_of(shown)
    found = shortfalls([frames, without_leaders(frames, charset)], [claim, claim])
    return float(found[0]), float(found[1])


@pytest.mark.parametrize("shown", ["ab........... 14", "ab . . . . . . . 14", "ab.........14"])
def test_a_draft_without_leaders_stands(shown: str) -> None:
    before, after = shortfall(shown, "ab 14")
    assert before > FAR and after < 1


@pytest.mark.parametrize("claimed", ["ab 15", "a 14", "ab 1", "14 ab"])
def test_what_stands_beside_them_is_judged(claimed: str) -> None:
    assert shortfall("ab........... 14", claimed)[1] > FAR / 2


def test_a_few_points_are_no_leader() -> None:
    before, after = shortfall("1.4.2.3", "1423")
    assert before == after > FAR


def test_leaders_of_a_layer() -> None:
    assert leaders_of(list("a . . . . . . 7 b..")) == {2, 4, 6, 8, 10, 12}
