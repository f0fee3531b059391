"""Pictures of any mode to upright RGB with square pixels, on a ground that shows the ink."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

ORIENTATION = 0x0112
"""The EXIF tag."""

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by its value."""

SIDEWAYS = (5, 6, 7, 8)
"""Values of pictures whose width is their height."""

LEAST_RATIO, MOST_RATIO = 1.1, 4.0
"""Ratios of two resolutions from which pixels are taken for oblong, and to which for meant so."""

CLEAR = 0.3
"""Share of a picture that is transparent, from which its ink may lie on nothing at all."""

LIGHT = 0.95
"""Share of what is seen that is light, from which it is light ink and needs a dark ground."""

THIN, FEWEST = 0.05, 0.001
"""Width of a stroke at most, in longer edges of a picture, and share of it that strokes on nothing
fill at least: what is wider is a sheet, or a photograph."""

GROUNDS = (255, 0, 128, 64, 192)
"""Grey levels of the ground for strokes, the usual ones first."""

STRIP = 256
"""Rows of the result that are made at once of a picture that is shrunk."""

_SAMPLE = 512
"""Pixels of the longer edge on which the ground is chosen."""


def to_rgb(picture: Image.Image, factor: int = 1) -> Image.Image:
    """A picture of any mode as upright RGB of 8 bits: turned as EXIF says, on white or black.

    Args:
        picture: whose pixels may not have been decoded yet.
        factor: by which its edges are divided, so that of a huge picture there is no second one.
    """
    ratio, orientation = pixel_ratio(picture), picture.getexif().get(ORIENTATION, 1)
    made = _shrunk(picture, factor) if factor > 1 else _on_ground(picture)
    if orientation in TURNS:  # last, since it copies
        made = made.transpose(TURNS[orientation])
        ratio = 1 / ratio if orientation in SIDEWAYS else ratio
    return _squared(made, ratio)


def stated_dpi(picture: Image.Image) -> float:
    """The finer resolution that a picture file states; 0 if none, or none that can be."""
    stated = max(_pair(picture.info.get("dpi")))
    return stated if 30 <= stated <= 2400 else 0.0


def pixel_ratio(picture: Image.Image) -> float:
    """How many times as high as wide the pixels of a picture file are; 1 where nothing is said."""
    across, down = _pair(picture.info.get("dpi") or picture.info.get("aspect"))
    if not across or not down:
        return 1.0
    ratio = across / down
    return ratio if LEAST_RATIO <= max(ratio, 1 / ratio) <= MOST_RATIO else 1.0


def _pair(values: Any) -> tuple[float, float]:
    try:
        across, down = values
        return float(across), float(down)
    except (TypeError, ValueError, ZeroDivisionError):  # TIFF may state 0/0
        return 0.0, 0.0


def _squared(picture: Image.Image, ratio: float) -> Image.Image:
    """The picture with its coarser edge stretched, so that a fax is not half as high as it was."""
    if ratio == 1:
        return picture
    width, height = picture.size
    size = (width, round(height * ratio)) if ratio > 1 else (round(width / ratio), height)
    return picture.resize(size, Image.Resampling.BICUBIC)


def _shrunk(picture: Image.Image, factor: int) -> Image.Image:
    """A picture on its ground, strip by strip."""
    width, height = (math.ceil(edge / factor) for edge in picture.size)
    small = Image.new("RGB", (width, height))
    ground = _ground(picture) if _is_clear(picture) else "white"
    scale = _scale(picture) if _is_deep(picture) else None
    for top in range(0, height, STRIP):
        rows = (factor * top, min(factor * (top + STRIP), picture.height))
        strip = picture.crop((0, rows[0], picture.width, rows[1]))
        small.paste(_on_ground(strip, ground, scale).reduce(factor), (0, top))
    small.info = dict(picture.info)
    return small


def _is_clear(picture: Image.Image) -> bool:
    """Whether it may be transparent."""
    clear = ("RGBA", "LA", "PA", "La", "RGBa")
    return picture.mode in clear or "transparency" in picture.info


def _on_ground(picture: Image.Image, colour: str = "", scale: float | None = None) -> Image.Image:
    if _is_deep(picture):
        picture = _to_8_bits(picture, _scale(picture) if scale is None else scale)
    if not _is_clear(picture):
        return picture.convert("RGB")
    if picture.mode != "RGBA":
        picture = picture.convert("RGBA")
    ground = Image.new("RGB", picture.size, colour or _ground(picture))
    ground.paste(picture, mask=picture.getchannel("A"))
    ground.info = dict(picture.info)
    return ground


def _ground(picture: Image.Image) -> str:
    """What shows the ink on nothing: black for light ink, white for dark, grey for both."""
    factor = max(1, max(picture.size) // _SAMPLE)
    size = -(-picture.width // factor), -(-picture.height // factor)
    small = picture.resize(size, Image.Resampling.NEAREST)  # others make whole copies
    sample = np.asarray(small if small.mode == "RGBA" else small.convert("RGBA"))
    seen, levels = sample[..., 3] > 127, sample[..., :3].mean(axis=2)
    if not 0 < seen.mean() <= 1 - CLEAR:
        return "white"
    strokes = seen & ~_wide(seen)
    if strokes.mean() < FEWEST:
        return "black" if (levels[seen] > 127).mean() >= LIGHT else "white"
    level = max(GROUNDS, key=lambda ground: _apart(levels[strokes], ground))
    return f"#{level:02x}{level:02x}{level:02x}"


def _apart(levels: NDArray[np.float64], ground: int) -> int:
    """By how many grey levels nearly all ink differs from a ground."""
    return round(float(np.quantile(np.abs(levels - ground), 1 - LIGHT)))


def _wide(seen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What of a mask, [H, W], is wider than a stroke, and the edge of it."""
    reach = round(THIN * max(seen.shape) / 2)
    inner = ImageFilter.BoxBlur(reach)
    core = np.asarray(Image.fromarray(np.uint8(255) * seen).filter(inner)) == 255
    grown = Image.fromarray(np.uint8(255) * core).filter(ImageFilter.BoxBlur(reach + 2))
    return np.asarray(grown, np.uint8) > 0


def _is_deep(picture: Image.Image) -> bool:
    """Whether its levels are of 16 or 32 bits, or floats."""
    return picture.mode.startswith(("I", "F"))


def _scale(picture: Image.Image) -> float:
    """What makes 8 bits of the levels of a picture: of 0..1, 0..255, or as many bits as it uses.

    Cameras and microscopes store 10 or 12 bits in 16, whose white is nearly black among 16.
    """
    top = float(picture.getextrema()[1])  # type: ignore[arg-type]  # of one channel
    if top <= 255:
        return 255.0 if top <= 1 and picture.mode == "F" else 1.0
    return 255.0 / (float(2 ** math.ceil(math.log2(top + 1))) - 1.0)


def _to_8_bits(picture: Image.Image, scale: float) -> Image.Image:
    levels = np.asarray(picture, np.float32)
    return Image.fromarray(np.clip(levels * scale + 0.5, 0, 255).astype(np.uint8))
