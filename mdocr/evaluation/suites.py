"""The benchmark sets of the field, by name, and where they lie on disk.

Sizes are those of the files that upstream offers (docs/datasets.md); accuracy over a suite is the
arithmetic mean over its sets.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mdocr.errors import InputError, UsageError
from mdocr.evaluation.words import LabelledPictures
from mdocr.inputs.labelled import LABELS, open_collection
from mdocr.models.charset import ENGLISH

LONGEST = 25
"""Characters; longer words are left out, as upstream does."""


@dataclass(frozen=True)
class BenchmarkSet:
    """A set of a suite.

    Attributes:
        name: as tables show it.
        words: how many there are.
        folders: names that its folder has in the collections around, the usual one first.
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
        is_latin: words are compared by letters and digits only.
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
SUITES = {
    suite.name: suite
    for suite in (
        Suite("common", _COMMON),
        Suite("union14m", _UNION14M),
        Suite("ost", _OST),
        Suite("chinese", _CHINESE, is_latin=False),
    )
}
"""Every suite, by its name."""


@dataclass(frozen=True)
class OpenSet:
    """A set that is to be read.

    Attributes:
        name: as tables show it.
        suite: to whose average it counts; empty for a set of the user's.
        collection: pictures and labels.
        numbers: those that count.
        is_latin: words are compared by letters and digits; None: as the model's characters are.
        expected: how many words the whole set has; None if unknown.
    """

    name: str
    suite: str
    collection: LabelledPictures
    numbers: tuple[int, ...]
    is_latin: bool | None = None
    expected: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether no word is missing, as far as is known."""
        return self.expected in (None, len(self.collection))


def unreadable(each: OpenSet) -> list[int]:
    """Numbers of the pictures that cannot be opened, or whose label cannot be read."""
    found = []
    for number in range(len(each.collection)):
        try:
            each.collection.picture(number)
            each.collection.text(number)
        except InputError:
            found.append(number)
    return found


def open_suite(name: str, root: Path) -> Iterator[OpenSet]:
    """The sets of a suite that lie anywhere below a folder.

    Raises:
        UsageError: there is no such suite.
        InputError: a set is missing or damaged.
    """
    suite = SUITES.get(name)
    if suite is None:
        raise UsageError(f"unknown suite {name!r}", f"Choose of: {', '.join(SUITES)}")
    places = {each.name: _place(each, suite, root) for each in suite.sets}
    for each in suite.sets:
        collection = open_collection("", places[each.name])
        numbers = _counted(collection) if suite.is_latin else tuple(range(len(collection)))
        yield OpenSet(each.name, name, collection, numbers, suite.is_latin, each.words)


def open_set(path: Path) -> OpenSet:
    """A labelled folder or LMDB of the user's, all of it."""
    collection = open_collection("", path)
    return OpenSet(path.resolve().name, "", collection, tuple(range(len(collection))))


def _place(wanted: BenchmarkSet, suite: Suite, root: Path) -> Path:
    """The folder of a set, the one nearest to ``root`` where there are several."""
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
            f"{root} has no folder {wanted.folders[0]} with pictures, of the suite {suite.name}",
            "docs/datasets.md says where the sets come from.",
        )
    return min(found, key=lambda path: (len(path.parts), path))


def _holds(folder: Path, name: str) -> bool:
    return next(folder.rglob(name), None) is not None


def _counted(collection: LabelledPictures) -> tuple[int, ...]:
    """Numbers of the words that have at least one and at most ``LONGEST`` known characters."""
    known = set(ENGLISH)
    lengths = (
        sum(symbol in known for symbol in collection.text(number))
        for number in range(len(collection))
    )
    return tuple(number for number, length in enumerate(lengths) if 1 <= length <= LONGEST)
