"""Sheets photographed at an angle."""

import cv2
import numpy as np
import pytest

from mdocr.document.model import Box
from mdocr.preprocessing.perspective import find_sheet, flatten

WOOD, SLATE = (150, 110, 70), (60, 62, 64)
LEANING = np.array([[90, 70], [640, 110], [690, 860], [60, 820]], np.float64)


def sheet(width: int = 600, height: int = 800) -> np.ndarray:
    """Paper with rows of marks and one black square."""
    paper = np.full((height, width, 3), 240, np.uint8)
    for y in range(60, height - 60, 24):
        paper[y : y + 8, 50 : width - 50 : 12] = 40
    paper[300:400, 200:300] = 0
    return paper


def photograph(corners: np.ndarray, ground: tuple[int, int, int]) -> np.ndarray:
    """A sheet on some ground, with its corners at these places of a picture of 760 × 940 pixels."""
    paper = sheet()
    height, width = paper.shape[:2]
    own = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn = cv2.getPerspectiveTransform(own, corners.astype(np.float32))
    shown = cv2.warpPerspective(np.full((height, width), 255, np.uint8), turn, (760, 940))
    grain = np.random.default_rng(0).integers(-8, 8, (940, 760, 1))
    table = np.clip(np.array(ground) + grain, 0, 255)
    laid = cv2.warpPerspective(paper, turn, (760, 940), flags=cv2.INTER_AREA)
    return np.where(shown[..., None] > 127, laid, table).astype(np.uint8)


@pytest.mark.parametrize(
    "ground", [WOOD, SLATE, (226, 190, 130)], ids=["wood", "slate", "pale wood"]
)
def test_a_sheet_on_a_table_is_found(ground):
    found = find_sheet(photograph(LEANING, ground))
    assert found is not None
    assert np.abs(found - LEANING).max() < 4


def test_it_is_seen_from_above_and_boxes_are_of_the_page_as_given():
    given = photograph(LEANING, WOOD)
    flat = flatten(given)
    assert flat is not None
    corners = find_sheet(flat.pixels)
    assert corners is not None
    upper, right = corners[1] - corners[0], corners[2] - corners[1]
    assert abs(upper[1]) < 0.01 * upper[0], "the upper edge is level"
    assert abs(right[0]) < 0.01 * right[1], "the right edge is upright"
    ys, xs = np.nonzero(flat.pixels.max(axis=2) < 20)
    height, width = flat.pixels.shape[:2]
    square = Box(xs.min() / width, ys.min() / height, xs.max() / width, ys.max() / height)
    own_y, own_x = np.nonzero(given.max(axis=2) < 20)
    wanted = Box(own_x.min() / 760, own_y.min() / 940, own_x.max() / 760, own_y.max() / 940)
    assert flat.outline(square).iou(wanted) > 0.9


@pytest.mark.parametrize(
    "picture",
    [
        sheet(),
        photograph(np.array([[80, 60], [680, 60], [680, 860], [80, 860]]), SLATE),
        photograph(np.array([[-40, 60], [680, 20], [690, 860], [-20, 800]]), SLATE),
        photograph(np.array([[300, 400], [380, 410], [375, 500], [295, 480]]), SLATE),
        np.zeros((40, 40, 3), np.uint8),
    ],
    ids=["a scan", "level already", "cut off by the picture", "a small label", "nothing"],
)
def test_other_pictures_stay_as_they_are(picture):
    assert flatten(picture) is None


def test_a_sheet_that_is_turned_further_than_layout_levels_is_turned_back():
    middle, angle = np.array([380, 470]), np.radians(20)
    own = np.array([[-220, -300], [220, -300], [220, 300], [-220, 300]])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    flat = flatten(photograph(own @ turn.T + middle, SLATE))
    assert flat is not None
    ys, xs = np.nonzero(flat.pixels.max(axis=2) < 20)
    square = (np.ptp(xs) + 1) * (np.ptp(ys) + 1)
    assert len(xs) > 0.95 * square, "the black square stands upright"
