"""Page picture to ordered regions: by image analysis for lite; knows nothing of reading.

analyse(picture) → Layout: regions in reading order, each with its text lines
cut(picture, line) → the picture of one line, for a line recogniser
"""

from mdocr.fragments.geometry import LayoutBox
from mdocr.layout.analyse import analyse
from mdocr.layout.regions import Formula, Layout, LayoutCell, Line, Region, cut, outline_of_cut

__all__ = [
    "Formula",
    "Layout",
    "LayoutBox",
    "LayoutCell",
    "Line",
    "Region",
    "analyse",
    "cut",
    "outline_of_cut",
]
