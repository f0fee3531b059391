"""Straight lines that a page of a PDF draws: borders of tables, rules over and under text."""

from collections.abc import Iterator
from typing import Any

Edges = tuple[float, float, float, float]

THICKEST = 3.0
"""Points; a filled rectangle that is thicker is a panel."""

STRAIGHT = 0.5
"""Points from one end to the other by which a line is off the level, or the upright, at most."""


def drawn_rules(page: Any) -> Iterator[Edges]:
    """Level and upright lines of a page of MuPDF's, before it is turned, in points."""
    for path in page.get_cdrawings():
        is_stroked, half = "s" in path["type"], (path.get("width") or 0.0) / 2
        if _is_thin(path["rect"]) and not is_stroked:
            yield path["rect"]
            continue
        for kind, *points in path["items"]:
            sides = [_hull(*points)] if kind == "l" else []
            if kind == "re":
                sides = list(_sides(points[0])) if is_stroked else [points[0]]
            for x0, y0, x1, y1 in filter(_is_thin, sides):
                yield x0 - half, y0 - half, x1 + half, y1 + half


def _hull(start: tuple[float, float], end: tuple[float, float]) -> Edges:
    (x0, x1), (y0, y1) = (sorted(each) for each in zip(start, end, strict=True))
    is_level = x1 - x0 > y1 - y0
    thickness = y1 - y0 if is_level else x1 - x0
    return (x0, y0, x1, y1) if thickness <= STRAIGHT else (x0, y0, x0, y0)


def _sides(box: Edges) -> Iterator[Edges]:
    x0, y0, x1, y1 = box
    yield from ((x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1))


def _is_thin(box: Edges) -> bool:
    """Whether a box is a line: far longer than thick."""
    short, long = sorted((box[2] - box[0], box[3] - box[1]))
    return short <= THICKEST and long > 2 * short and long > 0
