"""Drafts of words in the recognizer: verified, refused, and mixed with pictures without."""

from collections.abc import Iterator

import pytest
from word_engines import LENGTH, FakeEngine, pictures

from mdocr.errors import InputError, UsageError
from mdocr.inputs.find import FailedInput
from mdocr.recognizer import Recognizer


@pytest.fixture
def reader() -> Recognizer:
    return Recognizer(FakeEngine(), "fake")


def test_a_draft_stands_or_is_read_anew(reader: Recognizer) -> None:
    first, second, third = reader.recognize(pictures(3), draft=["0", "7", None])
    assert [word.text for word in (first, second, third)] == ["0", "1", "2"]
    assert [word.draft for word in (first, second, third)] == ["0", "7", None]
    assert [word.is_changed for word in (first, second, third)] == [False, True, True]
    assert (first.steps, [one.step for one in first.characters]) == (1, [0])
    assert first.draft_confidence == first.confidence > 0.9
    assert second.steps > 1
    assert second.draft_confidence < 0.1 < second.confidence
    assert "draft" not in third.to_dict()
    assert second.to_dict()["draft"] == "7"


def test_an_empty_draft_is_verified_too(reader: Recognizer) -> None:
    (word,) = reader.recognize(pictures(1), draft=[""])
    assert (word.text, word.draft, word.draft_confidence) == ("0", "", 0.0)


def test_a_lexicon_leaves_verified_words_alone(reader: Recognizer) -> None:
    (word,) = reader.recognize(pictures(1), draft=["0"], lexicon="english")
    assert word.text == "0"


def test_drafts_may_come_as_they_are_needed(reader: Recognizer) -> None:
    def endless() -> Iterator[str]:
        yield from map(str, range(1000))

    images = iter(pictures(40))
    texts = (text for _, text in zip(range(40), endless(), strict=False))
    words = list(reader.stream(images, draft=texts, batch_size=4))
    assert [word.text for word in words] == [str(n) for n in range(40)]  # type: ignore[union-attr]
    assert not any(word.is_changed for word in words)  # type: ignore[union-attr]


@pytest.mark.parametrize("drafts", [["0"], ["0", "1", "2"], []])
def test_there_is_one_draft_a_picture(reader: Recognizer, drafts: list[str]) -> None:
    with pytest.raises(UsageError, match="draft"):
        reader.recognize(pictures(2), draft=drafts)


@pytest.mark.parametrize(
    ("draft", "problem"),
    [("to be", "cannot write: ' '"), ("é1", "cannot write: 'é'"), ("1" * LENGTH, "26 characters")],
)
def test_a_draft_that_the_model_could_not_write(
    reader: Recognizer, draft: str, problem: str
) -> None:
    first, second = reader.stream(pictures(2), draft=[draft, "1"])
    assert isinstance(first, FailedInput)
    assert problem in first.error.message
    assert second.text == "1"  # type: ignore[union-attr]
    with pytest.raises(InputError, match="draft"):
        reader.recognize(pictures(2), draft=[draft, "1"])


def test_a_text_is_no_kind_of_draft(reader: Recognizer) -> None:
    with pytest.raises(UsageError) as caught:
        reader.recognize(pictures(1), draft="SALE")
    assert "as a list" in caught.value.hint
