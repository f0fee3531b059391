"""Files of a document written together: all of them, or none.

Everything is written under temporary names beside its place first, then renamed.
"""

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path, PurePath

from mdocr.errors import InputError, UsageError
from mdocr.files import written_whole

logger = logging.getLogger(__name__)


def write_files(
    texts: Mapping[Path, str | bytes], pictures: Mapping[str, bytes], folder: Path
) -> None:
    """Writes texts, and pictures into a folder.

    Args:
        texts: by path; bytes stay as they are.
        pictures: encoded pictures by file name.
        folder: of the pictures; made where it is missing.

    Raises:
        InputError: a picture's name is a path.
        UsageError: a file cannot be written.
    """
    encoded = {path: _encoded(text) for path, text in texts.items()}
    _write_all({**_placed(pictures, folder), **encoded})


def _encoded(text: str | bytes) -> bytes:
    """A file name in it need not be text: what UTF-8 cannot hold becomes an escape."""
    return text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")


def _placed(pictures: Mapping[str, bytes], folder: Path) -> dict[Path, bytes]:
    for name in pictures:
        if name != PurePath(name).name or "\\" in name or name in ("", ".", ".."):
            raise InputError(f"a picture is named {name!r}, which is not a plain file name")
    return {folder / name: data for name, data in pictures.items()}


def _write_all(files: dict[Path, bytes]) -> None:
    path = Path()
    try:
        with ExitStack() as stack:  # renames in the opposite order: pictures, then what names them
            for path, data in reversed(files.items()):
                stack.enter_context(written_whole(path)).write_bytes(data)
    except OSError as error:
        raise UsageError(
            f"cannot write {error.filename or path}: {error.strerror}",
            "Choose another place with: -o",
        ) from error
    for path in files:
        logger.debug("wrote %s", path)
