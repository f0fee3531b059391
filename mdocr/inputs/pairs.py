"""Lists of ``path<TAB>text`` lines."""

from collections.abc import Iterator
from pathlib import Path

from mdocr.errors import InputError


def path_text_lines(file: Path, hint: str) -> Iterator[tuple[int, str, str]]:
    """Number (from 1), path and text of each line that is not empty.

    Args:
        file: the list, in UTF-8.
        hint: what to do if it is none.

    Raises:
        InputError: the file is missing, is not text, or has a line without a tab.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"cannot read {file}: {reason}", hint) from error
    for number, line in enumerate(lines, start=1):
        path, tab, text = line.rstrip("\r").partition("\t")
        if tab:
            yield number, path, text
        elif path.strip():
            raise InputError(f"{file}, line {number}: there is no tab between path and text", hint)
