"""Boxes follow the pixels of a page that is turned."""

import numpy as np
import pytest

from mdocr.document.model import Box
from mdocr.document.turns import ANGLES, turned


@pytest.mark.parametrize("angle", ANGLES)
def test_a_box_covers_the_same_pixels_after_the_turn(angle: int) -> None:
    page = np.zeros((10, 20), bool)
    page[1:4, 2:10] = True
    rows, columns = np.nonzero(np.rot90(page, angle // 90))
    height, width = np.rot90(page, angle // 90).shape
    expected = (
        columns.min() / width,
        rows.min() / height,
        (columns.max() + 1) / width,
        (rows.max() + 1) / height,
    )
    box = turned(Box(0.1, 0.1, 0.5, 0.4), angle)
    assert box.as_list() == pytest.approx(expected)
    assert turned(box, -angle).as_list() == [0.1, 0.1, 0.5, 0.4]
