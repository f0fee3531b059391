"""Files and pictures in: what the arguments name, and each picture as upright 8-bit RGB.

Knows nothing of models; documents of several pages are opened by ``mdocr.inputs.pages``.
"""

import glob
import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from mdocr.errors import InputError
from mdocr.inputs.pages import FROM_HERE, to_rgb
from mdocr.inputs.streams import (
    STDIN,
    is_stream,
    mode_of,
    stream_content,
)

Picture: TypeAlias = str | os.PathLike[str] | Image.Image | NDArray[Any]
"""A path (``-`` is standard input), a PIL picture, or an array [height, width(, channels)]."""

_KINDS = "png jpg jpeg bmp gif tif tiff webp avif jp2 ppm pgm pbm"
PICTURE_SUFFIXES = frozenset(f".{kind}" for kind in _KINDS.split())

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Unread:
    """An input that could not be read."""

    path: str
    error: InputError


def find_files(
    arguments: Iterable[str], suffixes: frozenset[str] = PICTURE_SUFFIXES
) -> list[str | Unread]:
    """The files that the command line's arguments name.

    Args:
        arguments: files; folders, taken with all below them; glob patterns; ``-``.
        suffixes: lower-case endings of the files to take from a folder; hidden ones are left out.

    Returns:
        Paths in the order of the arguments, those of a folder or pattern in natural order (2 before
        10); a ``Unread`` where an argument names nothing.
    """
    return [found for argument in arguments for found in _expand(argument, suffixes)]


def _expand(argument: str, suffixes: frozenset[str]) -> Iterator[str | Unread]:
    if not argument:  # Path would take it for the folder that one is in
        yield Unread(argument, InputError("the name of a file is empty", FROM_HERE))
    elif argument == STDIN or mode_of(argument) is not None:
        yield from _taken(argument, suffixes)
    elif glob.has_magic(argument):
        matches = glob.glob(argument, recursive=True)  # noqa: PTH207, Path.glob refuses "/..."
        ordered = sorted(matches, key=natural_order)
        # "**" matches folders and what is in them.
        yield from dict.fromkeys(path for match in ordered for path in _taken(match, suffixes))
        if not matches:
            yield _nothing(argument, "nothing matches", FROM_HERE)
    else:
        yield _nothing(argument, "no such file or folder:", FROM_HERE)


def _taken(path: str, suffixes: frozenset[str]) -> Iterator[str | Unread]:
    """A file, or all below a folder."""
    if path == STDIN or not Path(path).is_dir():
        yield path
        return
    below = _in_folder(Path(path), suffixes)
    yield from below
    if not below:
        taken = ", ".join(sorted(suffixes))
        yield _nothing(path, "no picture in the folder", f"Names taken end in: {taken}")


def _nothing(argument: str, problem: str, hint: str) -> Unread:
    return Unread(argument, InputError(f"{problem} {argument!r}", hint))


def _in_folder(folder: Path, suffixes: frozenset[str]) -> list[str]:
    found = [
        str(path)
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    ]
    return sorted(found, key=natural_order)


def natural_order(path: str) -> list[list[str | int]]:
    """Sort key that takes digits as numbers and folders one by one."""
    return [
        [
            int(run) if run.isascii() and run.isdigit() else run
            for run in re.split("([0-9]+)", part.casefold())
        ]
        for part in Path(path).parts
    ]


def open_picture(source: Picture) -> Image.Image:
    """Reads one picture.

    Args:
        source: a path, ``-`` for standard input, a PIL picture, or an array of 8 or 16 bits.

    Returns:
        Its first frame as 8-bit RGB, turned upright as EXIF says, transparency over white.

    Raises:
        InputError: missing, not a picture, cut off, or too large.
    """
    name = name_of(source) or "the picture"
    try:
        if isinstance(source, Image.Image):
            return _checked(source, name)
        with _open(source) as picture:
            return _checked(picture, name)
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"no such file: {name!r}", FROM_HERE) from None
    except IsADirectoryError:
        hint = "Name the pictures in it, or give the folder to the command line."
        raise InputError(f"{name!r} is a folder, not a picture", hint) from None
    except UnidentifiedImageError:
        hint = "PNG, JPEG, TIFF, WebP, BMP and GIF can; documents are read with: mdocr parse"
        raise InputError(f"{name!r} is not a picture that can be read", hint) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(name) from None
    except Exception as error:  # decoders raise nearly anything on a damaged file
        raise InputError(
            f"cannot read {name!r}: {error}", "It may be damaged: copy or save it again."
        ) from error


def name_of(source: Picture) -> str:
    """The path of a picture; empty for one held in memory."""
    return os.fspath(source) if isinstance(source, str | os.PathLike) else ""


def _open(source: "str | os.PathLike[str] | NDArray[Any]") -> Image.Image:
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if not isinstance(source, str | os.PathLike):
        raise InputError(
            f"a {type(source).__name__} is no picture", "Give a path, a PIL picture or an array."
        )
    content = stream_content(source)  # through which Pillow could not go back and forth
    return Image.open(source if content is None else BytesIO(content))


def _from_array(array: NDArray[Any]) -> Image.Image:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim == 3 and array.dtype == np.uint16:  # which Pillow has for grey only
        array = (array >> 8).astype(np.uint8)
    try:
        return Image.fromarray(array)
    except TypeError:
        raise InputError(
            f"an array {list(array.shape)} of {array.dtype} is no picture",
            "Give uint8 or uint16, [height, width] or [height, width, 3].",
        ) from None


def _checked(picture: Image.Image, name: str) -> Image.Image:
    # PIL only warns from its limit to twice that.
    if Image.MAX_IMAGE_PIXELS and picture.width * picture.height > Image.MAX_IMAGE_PIXELS:
        raise _too_large(name)
    if not picture.width or not picture.height:
        raise InputError(f"{name!r} is empty: {picture.width} by {picture.height} pixels")
    return to_rgb(picture)


def _too_large(name: str) -> InputError:
    return InputError(
        f"{name!r} has more than {Image.MAX_IMAGE_PIXELS} pixels", "Scale it down, or cut it up."
    )


def read_ahead(
    read: Callable[[Item], Result],
    items: Iterable[Item],
    depth: int,
    threads: int = 4,
    may_wait: Callable[[Item], bool] = lambda item: False,
) -> Iterator[Result]:
    """``map`` in a few threads that work at most ``depth`` items ahead of who takes the results.

    What ``may_wait`` is true of is read in the thread of the caller, where Ctrl-C ends the waiting.
    """
    pool = ThreadPoolExecutor(min(threads, os.cpu_count() or 1), "mdocr-read")
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(_done(read(item)) if may_wait(item) else pool.submit(read, item))
            if len(waiting) >= depth:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _done(result: Result) -> Future[Result]:
    future: Future[Result] = Future()
    future.set_result(result)
    return future


def may_wait(source: Picture) -> bool:
    """Whether reading a picture may wait for ever, for the other end of a pipe."""
    return isinstance(source, str | os.PathLike) and is_stream(source)


def as_iterable(images: Picture | Iterable[Picture]) -> Iterable[Picture]:
    """A single picture as a list of one."""
    if isinstance(images, str | os.PathLike | Image.Image | np.ndarray):
        return [images]
    return images
