"""Options by name: the keywords are those of the dataclasses, and a wrong one is named."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, get_type_hints

import pytest

from mdocr.errors import UsageError
from mdocr.options import (
    ParseChanges,
    ParseOptions,
    RecognizeChanges,
    RecognizeOptions,
    RenderChanges,
    RenderOptions,
    changed,
    page_ranges,
)


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        (ParseOptions, ParseChanges),
        (RecognizeOptions, RecognizeChanges),
        (RenderOptions, RenderChanges),
    ],
)
def test_every_option_is_a_typed_keyword(options: Any, changes: Any) -> None:
    names = [one.name for one in fields(options)]
    hints = get_type_hints(options)
    if changes is RecognizeChanges:  # also what another has read, a text a picture
        hints["draft"] = hints["draft"] | Iterable[str | None]
    assert get_type_hints(changes) == {name: hints[name] for name in names}


def test_an_unknown_option_is_named_with_the_near_one() -> None:
    with pytest.raises(UsageError, match="unknown option 'treshold'") as error:
        changed(ParseOptions(), {"treshold": 0.5})
    assert error.value.hint == "Did you mean 'threshold'?"
    with pytest.raises(UsageError, match="unknown option 'xyz'") as error:
        changed(RenderOptions(), {"xyz": 1})
    assert "page_marks" in error.value.hint


@pytest.mark.parametrize(
    ("pages", "text"), [("1-3,7", "1-3,7"), (3, "3"), ([1, 2], "1,2"), (range(2, 5), "2,3,4")]
)
def test_pages_are_text_or_numbers(pages: Any, text: str) -> None:
    assert page_ranges(pages) == ParseOptions(pages=pages).pages == text
