"""Pictures in: a path, a PIL picture or an array to upright 8-bit RGB, read ahead in threads."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from mdocr.errors import InputError
from mdocr.inputs.pages import FROM_HERE, to_rgb
from mdocr.inputs.streams import (
    is_stream,
    stream_content,
)

Picture: TypeAlias = str | os.PathLike[str] | Image.Image | NDArray[Any]
"""A path (``-`` is standard input), a PIL picture, or an array [height, width(, channels)]."""

Item = TypeVar("Item")

Result = TypeVar("Result")


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
