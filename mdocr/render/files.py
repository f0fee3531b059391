"""Documents on disk: all formats of a document written, or none of them.

Everything is rendered and written under temporary names beside its place first, then renamed.
"""

import logging
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path, PurePath

from mdocr.document.document import Document
from mdocr.errors import InputError, UsageError
from mdocr.files import written_whole
from mdocr.options import RenderOptions
from mdocr.render import find_format, render
from mdocr.render.flow import name_of

logger = logging.getLogger(__name__)


def write_folder(
    document: Document,
    folder: Path,
    forms: Iterable[str] = ("md",),
    options: RenderOptions | None = None,
    *,
    pictures: Mapping[str, bytes] | None = None,
    stem: str = "",
) -> list[Path]:
    """Writes ``folder/<stem>.md``, ``.json`` and so on, and ``folder/<stem>_images/``.

    Args:
        document: as it was read.
        folder: made where it is missing.
        forms: keys of ``FORMATS``.
        options: of the renderers; the folder of the pictures is set here.
        pictures: encoded pictures by file name, as blocks name them.
        stem: file name without ending; by default the document's.

    Returns:
        The files of the formats, in the order of ``forms``; pictures are not listed.

    Raises:
        InputError: a picture's name is a path.
        UsageError: there is no such format, or a file cannot be written.
    """
    stem = stem or name_of(document)
    options = replace(options or RenderOptions(), images=f"{stem}_images")
    paths = {folder / f"{stem}{find_format(form).endings[0]}": form for form in forms}
    texts = {path: _encoded(render(document, form, options)) for path, form in paths.items()}
    _write_all({**_placed(pictures or {}, folder / options.images), **texts})
    return list(texts)


def write_file(
    document: Document,
    path: Path,
    form: str = "md",
    options: RenderOptions | None = None,
    *,
    pictures: Mapping[str, bytes] | None = None,
) -> Path:
    """Writes one format to ``path``, and the pictures beside it to ``<stem>_images/``.

    Raises:
        InputError: a picture's name is a path.
        UsageError: there is no such format, or a file cannot be written.
    """
    options = replace(options or RenderOptions(), images=f"{path.stem}_images")
    text = _encoded(render(document, form, options))
    _write_all({**_placed(pictures or {}, path.parent / options.images), path: text})
    return path


def _encoded(text: str) -> bytes:
    """A file name in it need not be text: what UTF-8 cannot hold becomes an escape."""
    return text.encode("utf-8", "backslashreplace")


def _placed(pictures: Mapping[str, bytes], folder: Path) -> dict[Path, bytes]:
    for name in pictures:
        if name != PurePath(name).name or "\\" in name or name in ("", ".", ".."):
            raise InputError(f"a picture is named {name!r}, which is not a plain file name")
    return {folder / name: data for name, data in pictures.items()}


def _write_all(files: dict[Path, bytes]) -> None:
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
