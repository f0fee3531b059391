"""Makes ``mdocr/assets/glyphless.ttf``: a font with one empty glyph, for text that is not seen."""

from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.ttLib.tables._g_l_y_f import Glyph

UNITS = 1000

builder = FontBuilder(UNITS, isTTF=True)
builder.setupGlyphOrder([".notdef", "letter"])
builder.setupCharacterMap({0x20: "letter"})
builder.setupGlyf({".notdef": Glyph(), "letter": Glyph()})
builder.setupHorizontalMetrics({".notdef": (UNITS // 2, 0), "letter": (UNITS // 2, 0)})
builder.setupHorizontalHeader(ascent=800, descent=-200)
builder.setupNameTable({"familyName": "Glyphless", "styleName": "Regular"})
builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
builder.setupPost(isFixedPitch=1)
builder.save(Path(__file__).parent.parent / "mdocr" / "assets" / "glyphless.ttf")
