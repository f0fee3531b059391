"""OpenCV, imported when it is first used: it belongs to the ``train`` extra."""

import functools
from typing import Any

from mdocr.errors import MissingExtraError


@functools.cache
def opencv() -> Any:
    """The ``cv2`` module, held to one thread, as synthesis runs in many worker processes.

    Raises:
        MissingExtraError: OpenCV is not installed.
    """
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError(
            "opencv-python-headless", "train", "Making word pictures"
        ) from error
    cv2.setNumThreads(1)
    return cv2
