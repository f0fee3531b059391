"""Characters by their role in running text."""

import re

BULLETS = "•·▪◦‣∙●○■□◆►➢➤✓☐☑☒"
"""Signs that mark the items of a list, boxes to be ticked among them."""

WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
"""Chinese, Japanese and Korean characters and their punctuation."""
