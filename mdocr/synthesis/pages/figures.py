"""Images and charts of synthetic pages; only charts hold some text."""

import numpy as np

from mdocr.synthesis.common import backgrounds
from mdocr.synthesis.common.glyphs import InkMask
from mdocr.synthesis.common.opencv import opencv
from mdocr.synthesis.common.paragraphs import Face, draw_text

Size = tuple[int, int]


def draw_figure(rng: np.random.Generator, size: Size, face: Face) -> tuple[str, InkMask]:
    """``image`` or ``chart``, and its ink, uint8 [height, width].

    Args:
        rng: source of all randomness.
        size: width and height in pixels.
        face: of chart labels.
    """
    if rng.random() < 0.5:
        return "image", draw_photograph(rng, size)
    return "chart", draw_chart(rng, size, face)


def draw_photograph(rng: np.random.Generator, size: Size) -> InkMask:
    """Smooth grey noise with a few shapes."""
    cv2 = opencv()
    grey = 128 + 70 * backgrounds.clouds(rng, size, 4)[..., 0]
    canvas = np.ascontiguousarray(np.clip(grey, 0, 255).astype(np.uint8))
    width, height = size
    for _ in range(int(rng.integers(2, 9))):
        x, y, radius, tone, shape = rng.random(5).tolist()
        centre = int(x * width), int(y * height)
        reach = max(3, int(radius * min(size) / 3))
        if shape < 0.5:
            cv2.circle(canvas, centre, reach, int(255 * tone), -1, cv2.LINE_AA)
        else:
            corner = centre[0] + 2 * reach, centre[1] + reach
            cv2.rectangle(canvas, centre, corner, int(255 * tone), -1)
    return canvas


def draw_chart(rng: np.random.Generator, size: Size, face: Face) -> InkMask:
    """Two axes with labels, and bars, lines or points."""
    cv2 = opencv()
    width, height = size
    canvas = np.zeros((height, width), np.uint8)
    left, bottom = round(3 * face.size), height - round(1.6 * face.size)
    cv2.line(canvas, (left, face.size // 2), (left, bottom), 255, 1)
    cv2.line(canvas, (left, bottom), (width - 2, bottom), 255, 1)
    count = int(rng.integers(4, 10))
    positions = np.linspace(left + 10, width - 12, count).astype(int).tolist()
    for kind in rng.integers(0, 3, int(rng.integers(1, 3))).tolist():
        heights = (bottom - rng.random(count) * (bottom - face.size)).astype(int).tolist()
        points = list(zip(positions, heights, strict=True))
        _plot(rng, canvas, kind, points, bottom)
    for number, x in enumerate(positions):
        draw_text(face, canvas, str(number), (x - 4, bottom + round(1.2 * face.size)))
    for share in (0.25, 0.5, 0.75):
        y = round(bottom * (1 - share))
        draw_text(face, canvas, f"{share:.2f}", (2, y))
    return canvas


def _plot(
    rng: np.random.Generator,
    canvas: InkMask,
    kind: int,
    points: list[tuple[int, int]],
    bottom: int,
) -> None:
    """Bars (0), a line (1) or points (2) of one tone."""
    cv2, tone = opencv(), int(rng.integers(70, 256))
    if kind == 1:
        cv2.polylines(canvas, [np.array(points, np.int32)], False, tone, 2, cv2.LINE_AA)
        return
    half = max(2, (points[1][0] - points[0][0]) // 3)
    for x, y in points:
        if kind == 0:
            cv2.rectangle(canvas, (x - half, y), (x + half, bottom), tone, -1)
        else:
            cv2.circle(canvas, (x, y), 3, tone, -1, cv2.LINE_AA)
