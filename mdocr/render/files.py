"""Documents on disk: all formats of a document written, or none of them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from mdocr.document.document import Document
from mdocr.document.saving import write_files
from mdocr.options import RenderOptions
from mdocr.render import find_format


def write_folder(
    document: Document,
    folder: Path,
    forms: Iterable[str] = ("md",),
    options: RenderOptions | None = None,
    *,
    pictures: Mapping[str, bytes] | None = None,
    stem: str = "",
    made: Mapping[str, str | bytes] | None = None,
) -> list[Path]:
    """Writes ``folder/<stem>.md``, ``.json`` and so on, and ``folder/<stem>_images/``.

    Args:
        document: as it was read.
        folder: made where it is missing.
        forms: keys of ``FORMATS``.
        options: of the renderers; the folder of the pictures is set here.
        pictures: encoded pictures by file name, as blocks name them; those of the document if None.
        stem: file name without ending; by default the document's.
        made: what has been rendered already, by format.

    Returns:
        The files of the formats, in the order of ``forms``; pictures are not listed.

    Raises:
        InputError: a picture's name is a path.
        UsageError: there is no such format, or a file cannot be written.
    """
    stem = stem or document.name
    options = replace(options or RenderOptions(), images=f"{stem}_images")
    paths = {folder / f"{stem}{find_format(form).endings[0]}": form for form in forms}
    made = made or {}
    texts = {
        path: made[form] if form in made else document.render(form, options)
        for path, form in paths.items()
    }
    write_files(texts, document.pictures if pictures is None else pictures, folder / options.images)
    return list(texts)


def write_file(
    document: Document,
    path: Path,
    form: str = "md",
    options: RenderOptions | None = None,
    *,
    pictures: Mapping[str, bytes] | None = None,
    made: Mapping[str, str | bytes] | None = None,
) -> Path:
    """Writes one format to ``path``, and the pictures beside it to ``<stem>_images/``.

    ``made`` is what has been rendered already, by format.

    Raises:
        InputError: a picture's name is a path.
        UsageError: there is no such format, or a file cannot be written.
    """
    options = replace(options or RenderOptions(), images=f"{path.stem}_images")
    text = made[form] if made and form in made else document.render(form, options)
    kept = document.pictures if pictures is None else pictures
    write_files({path: text}, kept, path.parent / options.images)
    return path
