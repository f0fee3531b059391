"""A list of what another reader, or a person, has read of pictures, matched with the pictures."""

import logging
from collections.abc import Sequence
from pathlib import Path

from mdocr.errors import InputError
from mdocr.inputs.find import FailedInput, real_path
from mdocr.inputs.pairs import path_text_lines

HINT = "A list of drafts has path<TAB>text lines, as mdocr recognize writes them."
WHERE = "Paths are from the current folder, or from that of the list."

logger = logging.getLogger(__name__)


def read_drafts(
    file: Path, found: Sequence[str | FailedInput]
) -> tuple[list[str | None], list[FailedInput]]:
    """What a list says of pictures.

    Args:
        file: ``path<TAB>text`` lines; paths are from the current folder, or from that of the file.
        found: the pictures, among inputs that are missing.

    Returns:
        The draft of each picture, None where the list has none; and the lines whose picture does
        not exist.

    Raises:
        InputError: the file is no such list, or has two drafts of one picture.
    """
    places = {real_path(one): one for one in found if isinstance(one, str)}
    drafts: dict[str, str] = {}
    missing: list[FailedInput] = []
    others = 0
    for number, path, text in path_text_lines(file, HINT):
        candidates = [Path(path), file.parent / path]
        known = [places[place] for each in candidates if (place := real_path(each)) in places]
        if not known:
            exists = any(each.exists() for each in candidates)
            others += exists
            problem = f"{file}, line {number}: there is no picture {path!r}"
            missing += [] if exists else [FailedInput(path, InputError(problem, WHERE))]
        elif drafts.setdefault(known[0], text) != text:
            problem = f"{file}, line {number}: there is another draft of {path!r} before"
            raise InputError(problem, "Leave one of them.")
    texts = [drafts.get(one) for one in found if isinstance(one, str)]
    _report(file, others, texts.count(None))
    return texts, missing


def _report(file: Path, others: int, without: int) -> None:
    if others:
        logger.warning("%d drafts in %s are of pictures that are not read", others, file)
    if without:
        logger.warning("%d pictures have no draft in %s: they are read without", without, file)
