"""Page ranges such as ``1-3,7,12-end``."""

import re

from mdocr.errors import UsageError

_LAST = "end"
_RANGE = re.compile(r"(\d+|end)(?:-(\d+|end))?")


def parse_ranges(text: str, count: int) -> list[int]:
    """Page numbers from a text such as ``1-3,7,12-end``, ascending, each once.

    Args:
        text: numbers and ranges from 1, both ends included; ``end`` is the last; empty for all.
        count: how many pages there are.

    Raises:
        UsageError: not a range, or beyond the last page.
    """
    if not text.strip():
        return list(range(1, count + 1))
    numbers: set[int] = set()
    for part in text.split(","):
        first, last = _range(part.strip(), count)
        if first > count or last > count:
            there = "there is only 1 page" if count == 1 else f"there are only {count} pages"
            raise UsageError(
                f"pages {part.strip()!r} are beyond the end: {there}",
                f"Choose pages between 1 and {count}, or write {_LAST!r} for the last.",
            )
        numbers.update(range(first, last + 1))
    return sorted(numbers)


def _range(part: str, count: int) -> tuple[int, int]:
    """First and last page of ``7``, ``1-3`` or ``12-end``."""
    match = _RANGE.fullmatch(part)
    hint = "Write pages like 1-3,7,12-end; the first page is 1."
    if match is None:
        raise UsageError(f"{part!r} is not a page range", hint)
    first, last = (count if end == _LAST else int(end) for end in (match[1], match[2] or match[1]))
    if first < 1 or (last < first and match[2] != _LAST):
        raise UsageError(f"{part!r} is not a page range", hint)
    return first, last
