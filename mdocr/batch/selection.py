"""Which of the documents that were found one run reads."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from mdocr.batch.manifest import FAILED, PARTIAL
from mdocr.errors import UsageError


@dataclass(frozen=True)
class Selection:
    """Which documents one run reads; by default all.

    Attributes:
        shard: this part of how many, from 1, such as ``(2, 8)``: every eighth document, from the
            second. The runs of all parts must be given the same documents.
        limit: at most so many.
        retry_failed: only those that an earlier run could not read, or not whole.
    """

    shard: tuple[int, int] = (1, 1)
    limit: int | None = None
    retry_failed: bool = False

    def __post_init__(self) -> None:
        part, parts = self.shard
        if not 1 <= part <= parts:
            raise UsageError(f"there is no shard {part} of {parts}", "Write it like 2/8.")
        if self.limit is not None and self.limit < 1:
            raise UsageError(f"limit must be at least 1, not {self.limit}")

    def choose(self, paths: list[str], state: Callable[[str], str | None]) -> list[int]:
        """Places of the chosen among all.

        Args:
            paths: of all documents.
            state: of a document after earlier runs, as in the manifest.
        """
        part, parts = self.shard
        chosen = range(part - 1, len(paths), parts)
        if self.retry_failed:
            wanted = [n for n in chosen if state(paths[n]) in (PARTIAL, FAILED)]
            return wanted[: self.limit]
        return list(chosen)[: self.limit]


def parse_shard(text: str) -> tuple[int, int]:
    """A shard from a text such as ``2/8``; empty for all.

    Raises:
        UsageError: it is none.
    """
    if not text:
        return (1, 1)
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text.strip(), re.ASCII)
    if match is None:
        raise UsageError(f"{text!r} is not a shard", "Write it like 2/8, the second of eight.")
    return int(match[1]), int(match[2])
