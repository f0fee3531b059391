"""Images of pages and regions as normalised patches for the Qwen2-VL vision tower.

An image is scaled so that both sides are multiples of 28 pixels, normalised, and cut into patches
of 14 × 14 pixels. The 2 × 2 patches that are merged into one token are adjacent.
"""

import json
import math
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mdocr.errors import InputError, WeightsError

LONGEST_RATIO = 200
"""Maximum ratio of the long to the short side."""


@dataclass(frozen=True)
class MinerUDiffusionProcessor:
    """The image processor; names of its settings as in ``preprocessor_config.json``.

    Attributes:
        min_pixels: smallest area after scaling, in pixels.
        max_pixels: largest area after scaling, in pixels.
        patch_size: side of a patch, in pixels.
        temporal_patch_size: frames per patch; a still image is repeated.
        merge_size: patches along the side of one token.
        image_mean: mean of red, green, blue, 0 to 1.
        image_std: standard deviation of red, green, blue.
    """

    min_pixels: int = 3136
    max_pixels: int = 1605632
    patch_size: int = 14
    temporal_patch_size: int = 2
    merge_size: int = 2
    image_mean: tuple[float, ...] = (0.48145466, 0.4578275, 0.40821073)
    image_std: tuple[float, ...] = (0.26862954, 0.26130258, 0.27577711)

    @property
    def token_size(self) -> int:
        """Side of the square of pixels that becomes one token."""
        return self.patch_size * self.merge_size

    @property
    def max_tokens(self) -> int:
        """Tokens of the largest image."""
        return self.max_pixels // self.token_size**2

    def prepare(self, image: Image.Image, prompt: object = "") -> "PatchedImage":
        """See the function ``prepare``; the prompt does not matter."""
        return prepare(image, self)

    @classmethod
    def read(cls, path: Path) -> "MinerUDiffusionProcessor":
        """Reads ``preprocessor_config.json``; defaults for missing values or a missing file.

        Its ``size`` entry is ignored: released files have a ``longest_edge`` there that contradicts
        ``max_pixels``.

        Raises:
            WeightsError: the file is not a JSON object.
        """
        if not path.exists():
            return cls()
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            known: dict[str, Any] = {
                f.name: record[f.name] for f in fields(cls) if record.get(f.name) is not None
            }
        except (ValueError, AttributeError, TypeError) as error:
            raise WeightsError(
                f"{path} is not a JSON object: {error}", "Download the model again."
            ) from error
        frozen: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in known.items()
        }
        return cls(**frozen)


@dataclass(frozen=True)
class PatchedImage:
    """A prepared image.

    Attributes:
        patches: normalised pixels [patches, channels · frames · 14 · 14], in merge order.
        grid: rows and columns of patches.
        tokens: number of tokens after merging.
    """

    patches: NDArray[np.float32]
    grid: tuple[int, int]
    tokens: int


def prepare(image: Image.Image, config: MinerUDiffusionProcessor | None = None) -> PatchedImage:
    """Scales, normalises and cuts an image of any mode and size.

    Raises:
        InputError: the image is empty, or more than 200 times as long as it is wide.
    """
    config = config or MinerUDiffusionProcessor()
    size = scaled_size(image.width, image.height, config)
    scaled = image.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    pixels = _normalise(np.asarray(scaled), config)
    rows, columns = size[1] // config.patch_size, size[0] // config.patch_size
    tokens = rows * columns // config.merge_size**2
    return PatchedImage(_cut(pixels, config), (rows, columns), tokens)


def scaled_size(width: int, height: int, config: MinerUDiffusionProcessor) -> tuple[int, int]:
    """Width and height in multiples of ``token_size``, with the area within the limits.

    Raises:
        InputError: the image is empty, or more than 200 times as long as it is wide.
    """
    short, long = sorted((width, height))
    if short < 1 or long > LONGEST_RATIO * short:
        raise InputError(
            f"a picture of {width} × {height} pixels is too narrow to be read",
            f"Cut it so that it is at most {LONGEST_RATIO} times as long as it is wide.",
        )
    unit = config.token_size
    scaled = round(width / unit) * unit, round(height / unit) * unit
    area = scaled[0] * scaled[1]
    if area > config.max_pixels:
        shrink = math.sqrt(width * height / config.max_pixels)
        return _floor(width / shrink, unit), _floor(height / shrink, unit)
    if area < config.min_pixels:
        grow = math.sqrt(config.min_pixels / (width * height))
        return math.ceil(width * grow / unit) * unit, math.ceil(height * grow / unit) * unit
    return scaled


def _floor(edge: float, unit: int) -> int:
    return max(unit, math.floor(edge / unit) * unit)


def _normalise(pixels: NDArray[np.uint8], config: MinerUDiffusionProcessor) -> NDArray[np.float32]:
    """Bytes [H, W, 3] → normalised [3, H, W], by a lookup table of 256 values per channel."""
    table = _value_table(config.image_mean, config.image_std)
    return np.stack([values[pixels[..., channel]] for channel, values in enumerate(table)])


@cache
def _value_table(mean: tuple[float, ...], std: tuple[float, ...]) -> NDArray[np.float32]:
    """Normalised value of each byte, [channel, 256]."""
    bytes_ = (np.arange(256, dtype=np.float64) * (1 / 255)).astype(np.float32)
    centre = np.asarray(mean, dtype=np.float32)[:, None]
    table: NDArray[np.float32] = (bytes_ - centre) / np.asarray(std, dtype=np.float32)[:, None]
    return table


def _cut(pixels: NDArray[np.float32], config: MinerUDiffusionProcessor) -> NDArray[np.float32]:
    """[C, H, W] → patches [N, C · frames · patch · patch], those of one token adjacent."""
    channels, height, width = pixels.shape
    patch, merge, frames = config.patch_size, config.merge_size, config.temporal_patch_size
    rows, columns = height // config.token_size, width // config.token_size
    grid = pixels.reshape(channels, rows, merge, patch, columns, merge, patch)
    grid = grid.transpose(1, 4, 2, 5, 0, 3, 6)  # [rows, columns, merge, merge, C, patch, patch]
    still = grid.reshape(-1, channels, 1, patch * patch)
    return np.repeat(still, frames, axis=2).reshape(len(still), -1)
