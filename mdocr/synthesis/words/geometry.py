"""Bending, perspective and cropping in a single resampling.

Text plane: pixels of the mask, from the centre of the word's ink. Image plane: the same after
deformation. A bend (arc or wave) is applied first, then a homography, then the crop.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mdocr.synthesis.common.opencv import opencv

Floats = NDArray[np.float64]
PlaneBox = tuple[float, float, float, float]


@dataclass(frozen=True)
class Deformation:
    """Deformation of the text plane.

    Attributes:
        homography: [3, 3], bent plane to image plane.
        radius: of the arc of the base line, in mask pixels; negative sags, 0 is straight.
        wave: amplitude of a wave of the base line, in mask pixels.
        wavelength: of the wave, in mask pixels.
        phase: of the wave.
    """

    homography: Floats
    radius: float = 0.0
    wave: float = 0.0
    wavelength: float = 1.0
    phase: float = 0.0

    @property
    def bent(self) -> bool:
        """Whether it is more than a homography."""
        return bool(self.radius or self.wave)

    def bend(self, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """Text plane to bent plane."""
        if self.wave:
            v = v + self.wave * np.sin(u / self.wavelength + self.phase)
        if not self.radius:
            return u, v
        reach = self.radius - v
        angle = u / self.radius
        return reach * np.sin(angle), self.radius - reach * np.cos(angle)

    def straighten(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Bent plane to text plane: the inverse of ``bend``."""
        if self.radius:
            sign = 1.0 if self.radius > 0 else -1.0
            below = (self.radius - y) * sign
            reach = sign * np.hypot(x, below)
            x, y = self.radius * np.arctan2(x * sign, below), self.radius - reach
        if self.wave:
            y = y - self.wave * np.sin(x / self.wavelength + self.phase)
        return x, y


def homography(angle: float, shear: float, perspective: tuple[float, float]) -> Floats:
    """Composes shear, perspective and a rotation by ``angle`` radians, in this order.

    ``perspective`` is in 1 / mask pixels.
    """
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    lean = np.array([[1, shear, 0], [0, 1, 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, 1, 0], [perspective[0], perspective[1], 1]])
    product: Floats = turn @ tilt @ lean
    return product


def apply(matrix: Floats, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Maps points by a homography [3, 3]."""
    depth = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2]
    return (
        (matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]) / depth,
        (matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]) / depth,
    )


_ALONG = np.linspace(-0.5, 0.5, 13)
_EDGE_U = np.concatenate([_ALONG, _ALONG])
_EDGE_V = np.concatenate([np.full(13, -0.5), np.full(13, 0.5)])


def bounds(shape: Deformation, width: float, height: float) -> PlaneBox:
    """Bounding box (left, top, right, bottom) in the image plane of ink of that size."""
    u, v = shape.bend(_EDGE_U * width, _EDGE_V * height)
    x, y = apply(shape.homography, u, v)
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def resample(
    layers: Sequence[NDArray[np.uint8]],
    centre: tuple[float, float],
    shape: Deformation,
    crop: PlaneBox,
    size: tuple[int, int],
) -> Sequence[NDArray[np.uint8]]:
    """Deforms and crops layers to ``size`` (width, height).

    Args:
        layers: one to four masks, each [height, width].
        centre: of the word's ink on the masks.
        shape: the deformation.
        crop: left, top, right, bottom in the image plane.
        size: of the result, in pixels.
    """
    cv2 = opencv()
    back = cv2.invert(shape.homography)[1] @ _from_picture(crop, size)
    masks = cv2.merge(layers)
    if not shape.bent:
        back = np.array([[1, 0, centre[0]], [0, 1, centre[1]], [0, 0, 1.0]]) @ back
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = cv2.warpPerspective(masks, back, size, flags=flags)
    else:
        x, y = np.meshgrid(np.arange(size[0], dtype=float), np.arange(size[1], dtype=float))
        u, v = shape.straighten(*apply(back, x, y))
        columns, rows = (u + centre[0]).astype(np.float32), (v + centre[1]).astype(np.float32)
        seen = cv2.remap(masks, columns, rows, cv2.INTER_LINEAR)
    planes: Sequence[NDArray[np.uint8]] = cv2.split(seen)
    return planes


def _from_picture(crop: PlaneBox, size: tuple[int, int]) -> Floats:
    """Matrix from pixels of the result to the image plane; pixel centres map to pixel centres."""
    across, down = (crop[2] - crop[0]) / size[0], (crop[3] - crop[1]) / size[1]
    return np.array(
        [
            [across, 0, crop[0] + across / 2 - 0.5],
            [0, down, crop[1] + down / 2 - 0.5],
            [0, 0, 1],
        ]
    )
