"""A folder of results at an address, such as ``s3://``: files are made here, and put there.

Stores know neither appending nor renaming. So a document is written to a folder of this machine,
and put in its place when it ends, each file whole; what is known of its pages goes along, for a
later run on any machine. Files that all documents share, lines of JSON, are merged: what another
run has added stays.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from mdocr.batch import manifest, ownership
from mdocr.batch.json_lines import read
from mdocr.batch.remote import file_system
from mdocr.batch.resume import records_file
from mdocr.errors import MdocrError, UsageError

SHARED = (manifest.NAME, ownership.RECORD)
"""Files of all documents."""

PAUSE = 30.0
"""Seconds between two times that the shared files are put there."""


class Store:
    """Results at an address; a context manager.

    Args:
        address: of the folder; nothing need be there.

    Attributes:
        folder: of this machine, where the files of the documents at work lie.

    Raises:
        UsageError: it cannot be read or written.
        MissingExtraError: a package is missing.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._system, self._root = self._try(file_system, self.address, "to write")
        self._names: dict[str, set[str]] = defaultdict(set)  # what is there, by folder
        self._known: dict[str, list[str]] = {}
        self._made = TemporaryDirectory(prefix="mdocr-store-")
        self.folder = Path(self._made.name)
        self._put_shared = time.monotonic()

    def __enter__(self) -> "Store":
        try:
            self._look()
        except BaseException:
            self._made.cleanup()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        """Puts what is left, such as the pages of a document that was interrupted."""
        try:
            left = (path for path in sorted(self.folder.rglob("*")) if path.name not in SHARED)
            self._move(left)
            self.put_shared()
        finally:
            self._made.cleanup()

    def place(self, path: Path) -> str:
        """The address of a file of the folder."""
        return f"{self.address}/{path.relative_to(self.folder).as_posix()}"

    def refuse_foreign(self, paths: Iterable[Path]) -> None:
        """Refuses to write over files that mdocr has not written; see ``OwnFiles``."""
        own = set(read(self.folder / ownership.RECORD))
        foreign = [path for path in paths if path.name in self._names["."] - own]
        ownership.refuse([self.place(path) for path in foreign])

    def knows(self, stem: str) -> bool:
        """Whether an earlier run has put pages of a document there."""
        return records_file(self.folder, stem).name in self._names["."]

    def get(self, stem: str) -> None:
        """Takes what is known of a document from there.

        Raises:
            UsageError: it cannot be had.
        """
        if not self.knows(stem):
            return
        records, pictures = records_file(self.folder, stem), self.folder / f"{stem}_images"
        pictures.mkdir(exist_ok=True)
        for path in [records, *(pictures / name for name in self._names[pictures.name])]:
            self._try(self._system.get_file, self._path(path), str(path))

    def put(self, stem: str, files: Iterable[Path]) -> None:
        """Puts a document in its place, its formats last; now and then the shared files too.

        What tells that the formats are ours is there before them, should this run be killed.

        Args:
            stem: of its files.
            files: of its formats.

        Raises:
            UsageError: the store refuses.
        """
        records, pictures = records_file(self.folder, stem), self.folder / f"{stem}_images"
        if not records.is_file() or time.monotonic() - self._put_shared > PAUSE:
            self.put_shared()
        self._move([*sorted(pictures.glob("*")), records, *files])
        if pictures.is_dir():
            pictures.rmdir()

    def put_shared(self) -> None:
        """Adds what this run has added to the files that all documents share.

        Raises:
            UsageError: the store refuses.
        """
        for name in SHARED:
            path, known = self.folder / name, set(self._known[name])
            text = path.read_text(encoding="ascii", errors="replace")
            own = [line for line in text.splitlines(keepends=True) if line not in known]
            if own:
                self._known[name] = [*self._lines(name), *own]
                path.write_text("".join(self._known[name]), encoding="ascii", errors="replace")
                if name == manifest.NAME:
                    manifest.Manifest(self.folder).end()
                self._put(path)
        self._put_shared = time.monotonic()

    def _look(self) -> None:
        """What is there, and whether more can be put there."""
        self._system.invalidate_cache()
        for name in self._ask(self._system.find, self._root) or []:
            path = PurePosixPath(name.removeprefix(self._root).lstrip("/"))
            self._names[str(path.parent)].add(path.name)
        for name in SHARED:
            self._known[name] = self._lines(name)
            (self.folder / name).write_text("".join(self._known[name]), encoding="ascii")
        if not self._known[ownership.RECORD]:  # finds out whether it can be written to
            self._put(self.folder / ownership.RECORD)

    def _move(self, paths: Iterable[Path]) -> None:
        for path in paths:
            if path.is_file() and path.name != manifest.LOCK:
                self._put(path)
                path.unlink()

    def _put(self, path: Path) -> None:
        self._try(self._system.put_file, str(path), self._path(path))

    def _path(self, path: Path) -> str:
        """Of a file, as the store's file system names it."""
        return f"{self._root}/{path.relative_to(self.folder).as_posix()}"

    def _lines(self, name: str) -> list[str]:
        """Of a shared file there."""
        content = self._ask(self._system.cat_file, f"{self._root}/{name}") or b""
        return list(content.decode("ascii", "replace").splitlines(keepends=True))

    def _ask(self, step: Callable[..., Any], path: str) -> Any:
        """What comes of a step; None where nothing is there."""
        return self._try(step, path, absent=FileNotFoundError)

    def _try(
        self,
        step: Callable[..., Any],
        *arguments: Any,
        absent: type[Exception] | tuple[()] = (),
    ) -> Any:
        try:
            return step(*arguments)
        except absent:
            return None
        except MdocrError:
            raise
        except Exception as error:
            raise UsageError(
                f"{self.address} cannot be written to: {error}",
                "Check the address, and your access to it.",
            ) from error
