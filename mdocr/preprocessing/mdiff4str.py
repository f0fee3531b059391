"""Images of words, resized by OpenOCR's aspect ratio rule, in training and inference alike."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

BUCKETS = {1: (64, 64), 2: (96, 48), 3: (112, 40), 4: (128, 32)}
"""Width and height for each rounded aspect ratio; wider images are squashed to the last."""


def ratio_bucket(width: int, height: int) -> int:
    """The key of ``BUCKETS`` for an image of this size."""
    return min(max(round(width / height), 1), 4)


def preprocess(picture: Image.Image) -> NDArray[np.float32]:
    """Pixels [3, height, width] in -1..1 of an RGB image, resized to its bucket (bicubic)."""
    size = BUCKETS[ratio_bucket(*picture.size)]
    resized = picture.resize(size, Image.Resampling.BICUBIC)
    pixels = np.asarray(resized, dtype=np.float32).transpose(2, 0, 1)
    scaled: NDArray[np.float32] = (pixels / 255.0 - 0.5) / 0.5
    return scaled
