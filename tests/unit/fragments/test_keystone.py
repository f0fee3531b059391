"""Pages photographed at an angle whose edges are not on the picture."""

import cv2
import numpy as np
import pytest

from mdocr.fragments.keystone import flatten_by_letters

WIDTH, HEIGHT = 1000, 1300
CORNERS = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)


def page(columns: int = 1) -> np.ndarray:
    """Rows of marks as wide and high as letters, in columns."""
    rng = np.random.default_rng(1)
    paper = np.full((HEIGHT, WIDTH, 3), 235, np.uint8)
    room = (WIDTH - 160) // columns
    for column in range(columns):
        for y in range(100, HEIGHT - 100, 30):
            x, end = 80 + column * room, 80 + (column + 1) * room - 60
            while x < end - 14:
                wide = int(rng.integers(5, 13))
                paper[y - int(rng.choice([12, 17])) : y, x : x + wide] = 30
                x += wide + int(rng.choice([3, 3, 3, 12]))
    return paper


def seen_from(corners: np.ndarray, paper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A page whose corners stand at these places of the picture, and how points have moved."""
    turn = cv2.getPerspectiveTransform(CORNERS, corners.astype(np.float32))
    size, edge = (WIDTH, HEIGHT), cv2.BORDER_REPLICATE
    return cv2.warpPerspective(paper, turn, size, flags=cv2.INTER_AREA, borderMode=edge), turn


def directions(moved: np.ndarray) -> np.ndarray:
    """Angles of the upper, right, lower and left edge of a page after a homography, in degrees."""
    points = np.column_stack([CORNERS, np.ones(4)]) @ moved.T
    points = points[:, :2] / points[:, 2:]
    edges = np.roll(points, -1, axis=0) - points
    return np.degrees(np.arctan2(edges[:, 1], edges[:, 0]))


@pytest.mark.parametrize("columns", [1, 2])
def test_rows_and_edges_of_columns_are_straightened(columns):
    leaning = CORNERS + np.array([[-35, 40], [40, -30], [-30, 40], [25, -40]])
    picture, moved = seen_from(leaning, page(columns))
    flat = flatten_by_letters(picture)
    assert flat is not None
    upper, right, lower, left = directions(np.linalg.inv(flat.back) @ moved)
    assert abs(upper) < 0.5 and abs(abs(lower) - 180) < 0.5
    assert abs(right - 90) < 1 and abs(left + 90) < 1


def test_a_level_page_and_one_that_is_turned_stay_as_they_are():
    assert flatten_by_letters(page()) is None
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 4, 1)
    turned = cv2.warpAffine(page(2), turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    assert flatten_by_letters(turned) is None


def test_cards_laid_on_a_page_at_several_angles_stay_as_they_are():
    paper = np.full((HEIGHT, WIDTH, 3), 235, np.uint8)
    for x, y, angle in ((0, 0, 4), (500, 0, 4), (0, 650, 5), (500, 650, -6)):
        turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), angle, 0.5)
        card = cv2.warpAffine(page(), turn, (WIDTH, HEIGHT), borderValue=(235, 235, 235))
        paper[y : y + 650, x : x + 500] = card[325:975, 250:750]
    assert flatten_by_letters(paper) is None


def test_a_few_letters_tell_nothing():
    few = np.full((300, 300, 3), 235, np.uint8)
    few[100:112, 50:250:20] = 30
    assert flatten_by_letters(few) is None
