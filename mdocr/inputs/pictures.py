"""Pictures in: a path, a picture in memory or a stream to upright RGB; reading ahead in threads."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, BinaryIO, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from mdocr.errors import InputError
from mdocr.inputs.colours import to_rgb
from mdocr.inputs.find import FROM_HERE
from mdocr.inputs.formats import READABLE, open_image
from mdocr.inputs.streams import is_stream, stream_content

Picture: TypeAlias = str | os.PathLike[str] | Image.Image | NDArray[Any] | bytes | BinaryIO
"""A path (``-`` is standard input), a PIL picture, an array [height, width(, channels)] of 8 or 16
bits, the content of a file, or a binary stream."""

Item = TypeVar("Item")

Result = TypeVar("Result")


def open_picture(source: Picture) -> Image.Image:
    """Reads one picture.

    Args:
        source: see ``Picture``.

    Returns:
        Its first frame as 8-bit RGB, turned upright as EXIF says, with square pixels, transparency
        over a ground that shows the ink.

    Raises:
        InputError: missing, not a picture, cut off, or too large.
    """
    name = repr(name_of(source)) if name_of(source) else "the picture"
    try:
        if isinstance(source, Image.Image):
            return _checked(source, name)
        with _open(source) as picture:
            return _checked(picture, name)
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"no such file: {name}", FROM_HERE) from None
    except IsADirectoryError:
        hint = "Name the pictures in it, or give the folder to the command line."
        raise InputError(f"{name} is a folder, not a picture", hint) from None
    except UnidentifiedImageError:
        hint = f"{READABLE} Documents are read with: mdocr parse"
        raise InputError(f"{name} is not a picture that can be read", hint) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(name) from None
    except Exception as error:  # decoders raise nearly anything on a damaged file
        raise InputError(
            f"cannot read {name}: {error}", "It may be damaged: copy or save it again."
        ) from error


def name_of(source: Picture) -> str:
    """The path of a picture; empty for one held in memory."""
    return os.fspath(source) if isinstance(source, str | os.PathLike) else ""


_KINDS = (str, os.PathLike, Image.Image, np.ndarray, bytes, bytearray, memoryview)


def is_picture(source: object) -> bool:
    """Whether it is of a type that ``open_picture`` takes."""
    return isinstance(source, _KINDS) or hasattr(source, "read")


def content_of(source: object) -> bytes | None:
    """What a program holds of a file, as bytes or as a binary stream; None for anything else.

    Raises:
        InputError: the stream is one of text.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    if not hasattr(source, "read"):
        return None
    content = source.read()
    if isinstance(content, str):
        raise InputError(
            "a stream of text is no picture", "Give one of bytes: open the file with 'rb'."
        )
    return bytes(content)


def _open(source: Picture) -> Image.Image:
    if isinstance(source, np.ndarray):
        return _from_array(source)
    if not is_picture(source):
        raise InputError(
            f"a {type(source).__name__} is no picture",
            "Give a path, a PIL picture, an array, bytes or a binary stream.",
        )
    content = content_of(source)
    if content is None and isinstance(source, str | os.PathLike):
        content = stream_content(source)  # through which Pillow could not go back and forth
        return open_image(source if content is None else content)
    return open_image(content or b"")


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
        raise InputError(f"{name} is empty: {picture.width} by {picture.height} pixels")
    return to_rgb(picture)


def _too_large(name: str) -> InputError:
    return InputError(
        f"{name} has more than {Image.MAX_IMAGE_PIXELS} pixels", "Scale it down, or cut it up."
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


def as_iterable(images: Any) -> Iterable[Picture]:
    """A single picture as a list of one; so is what is neither, to be refused when it is opened."""
    is_single = is_picture(images) or not isinstance(images, Iterable)
    return [images] if is_single else images
