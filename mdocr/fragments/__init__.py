"""Page picture to what stands on it: fragments of text lines, rules, drawings.

fragments_of(picture) → PageFragments: what is where, and nothing of columns, tables or paragraphs
"""

from mdocr.fragments.clock import Clock
from mdocr.fragments.geometry import Curve, LayoutBox, Pixels
from mdocr.fragments.page import PageFragments, fragments_of
from mdocr.fragments.page_objects import PageObjects

__all__ = [
    "Clock",
    "Curve",
    "LayoutBox",
    "PageFragments",
    "PageObjects",
    "Pixels",
    "fragments_of",
]
