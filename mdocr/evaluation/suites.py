"""The benchmark sets of the field, by name, and their folders.

Sizes are those of the files that upstream offers (docs/datasets.md); published averages are
arithmetic means over the sets of a suite.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mdocr.errors import InputError, UsageError
from mdocr.evaluation.words import LabelledPictures
from mdocr.inputs.labelled import LABELS, open_collection
from mdocr.models.charset import ENGLISH, Charset

LONGEST = 25
"""Characters of the longest scored words, as upstream."""


@dataclass(frozen=True)
class BenchmarkSet:
    """A set of a suite.

    Attributes:
        name: as tables show it.
        words: their number.
        folders: names of its folder in existing collections, the usual one first.
    """

    name: str
    words: int
    folders: tuple[str, ...]


@dataclass(frozen=True)
class Suite:
    """Sets that are averaged.

    Attributes:
        name: what the user types.
        sets: in the order of the published tables.
        is_latin: words are compared by letters and digits only; else by all characters of the
            model's charset, without spaces, case folded.
    """

    name: str
    sets: tuple[BenchmarkSet, ...]
    is_latin: bool = True


_COMMON = (
    BenchmarkSet("IIIT5k", 3000, ("IIIT5k", "IIIT5k_3000", "IIIT5K")),
    BenchmarkSet("SVT", 647, ("SVT", "SVT_647")),
    BenchmarkSet("IC13", 857, ("IC13_857", "ICDAR2013")),
    BenchmarkSet("IC15", 1811, ("IC15_1811", "ICDAR2015")),
    BenchmarkSet("SVTP", 645, ("SVTP", "SVTP_645")),
    BenchmarkSet("CUTE80", 288, ("CUTE80", "CUTE")),
)
_UNION14M = (
    BenchmarkSet("curve", 2426, ("curve",)),
    BenchmarkSet("multi_oriented", 1369, ("multi_oriented",)),
    BenchmarkSet("artistic", 900, ("artistic",)),
    BenchmarkSet("contextless", 779, ("contextless",)),
    BenchmarkSet("salient", 1585, ("salient",)),
    BenchmarkSet("multi_words", 829, ("multi_words",)),
    BenchmarkSet("general", 400_000, ("general",)),
)
_OST = (BenchmarkSet("weak", 2416, ("weak",)), BenchmarkSet("heavy", 2416, ("heavy",)))
_CHINESE = (
    BenchmarkSet("scene", 63_646, ("scene_test",)),
    BenchmarkSet("web", 14_059, ("web_test",)),
    BenchmarkSet("document", 50_000, ("document_test",)),
    BenchmarkSet("handwriting", 23_389, ("handwriting_test",)),
)
_ADDITIONAL = (
    BenchmarkSet("WordArt", 1511, ("wordart_test", "WordArt")),
    BenchmarkSet("IC13-1015", 1015, ("IC13_1015",)),
    BenchmarkSet("IC15-2077", 2077, ("IC15_2077",)),
)
SUITES = {
    suite.name: suite
    for suite in (
        Suite("common", _COMMON),
        Suite("union14m", _UNION14M),
        Suite("ost", _OST),
        Suite("additional", _ADDITIONAL),
        Suite("chinese", _CHINESE, is_latin=False),
    )
}
"""Every suite, by its name."""


@dataclass(frozen=True)
class OpenSet:
    """An opened set.

    Attributes:
        name: as tables show it.
        suite: that averages it; empty for a user's set.
        collection: images and labels.
        numbers: of the scored words.
        is_latin: words are compared by letters and digits; None: if the model's charset is Latin.
        expected: number of words of the complete set; None if unknown.
    """

    name: str
    suite: str
    collection: LabelledPictures
    numbers: tuple[int, ...]
    is_latin: bool | None = None
    expected: int | None = None

    def scored(self, charset: Charset) -> tuple[int, ...]:
        """Numbers of the words that are scored for a model with this charset.

        Of the Chinese sets, upstream replaces labels with no or more than ``LONGEST`` characters of
        the charset by random others of the set; here they are left out, which gives the same mean.
        """
        if not self.suite or self.is_latin:
            return self.numbers
        lengths = ((number, len(charset.encode(self.text(number)))) for number in self.numbers)
        return tuple(number for number, length in lengths if 1 <= length <= LONGEST)

    def text(self, number: int) -> str:
        """A label."""
        return self.collection.text(number)

    @property
    def is_whole(self) -> bool:
        """Whether the number of words is the expected one, or unknown."""
        return self.expected in (None, len(self.collection))


def unreadable(each: OpenSet) -> list[int]:
    """Numbers of unreadable images and labels."""
    found = []
    for number in range(len(each.collection)):
        try:
            each.collection.picture(number)
            each.collection.text(number)
        except InputError:
            found.append(number)
    return found


def open_suite(name: str, root: Path) -> Iterator[OpenSet]:
    """Opens the sets of a suite, which are anywhere below a folder.

    Raises:
        UsageError: there is no such suite.
        InputError: a set is missing or damaged.
    """
    suite = SUITES.get(name)
    if suite is None:
        raise UsageError(f"unknown suite {name!r}", f"Choose of: {', '.join(SUITES)}")
    folders = {each.name: _find(each, suite, root) for each in suite.sets}
    for each in suite.sets:
        collection = open_collection("", folders[each.name])
        numbers = _counted(collection) if suite.is_latin else tuple(range(len(collection)))
        yield OpenSet(each.name, name, collection, numbers, suite.is_latin, each.words)


def open_set(path: Path) -> OpenSet:
    """Opens a labelled folder or LMDB, all of whose words are scored."""
    collection = open_collection("", path)
    return OpenSet(path.resolve().name, "", collection, tuple(range(len(collection))))


def _find(wanted: BenchmarkSet, suite: Suite, root: Path) -> Path:
    """The folder of a set; of several the one closest to ``root``."""
    names = {name.casefold() for name in wanted.folders}
    found = [
        path
        for path in [root, *root.rglob("*")]
        if path.is_dir()
        and path.name.casefold() in names
        and (_holds(path, "data.mdb") or _holds(path, LABELS))
    ]
    if not found:
        raise InputError(
            f"{root} has no folder {wanted.folders[0]} with images, of the suite {suite.name}",
            "docs/datasets.md says where the sets come from.",
        )
    return min(found, key=lambda path: (len(path.parts), path))


def _holds(folder: Path, name: str) -> bool:
    return next(folder.rglob(name), None) is not None


def _counted(collection: LabelledPictures) -> tuple[int, ...]:
    """Numbers of the words that upstream scores: of 1 to ``LONGEST`` characters.

    Characters are counted after compatibility decomposition (NFKD), without spaces and without what
    is not ASCII; a word must hold one of the charset.
    """
    return tuple(n for n in range(len(collection)) if _is_scored(collection.text(n)))


def _is_scored(text: str) -> bool:
    plain = unicodedata.normalize("NFKD", "".join(text.split()))
    ascii_text = plain.encode("ascii", "ignore").decode()
    return len(ascii_text) <= LONGEST and any(symbol in ENGLISH for symbol in ascii_text)
