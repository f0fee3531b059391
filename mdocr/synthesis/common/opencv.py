"""OpenCV, imported when it is first used and held to one thread."""

import functools
from typing import Any


@functools.cache
def opencv() -> Any:
    """The ``cv2`` module with one thread, as synthesis runs in many worker processes."""
    import cv2

    cv2.setNumThreads(1)
    return cv2
