"""Characters by their role in running text."""

import re

BULLETS = "•·▪◦‣∙●○■□◆◇❖►▶▸▷➢➤➔❯☞✦✧✓✔☐☑☒"
"""Signs that mark the items of a list, boxes to be ticked among them."""

WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
"""Chinese, Japanese and Korean characters and their punctuation."""


def printable(text: str) -> str:
    """The text without what cannot be shown; white space stays."""
    return "".join(c for c in text if c.isprintable() or c.isspace())


def for_xml(text: str) -> str:
    """Printable text without the white space that XML cannot hold, such as a form feed."""
    return "".join(c for c in printable(text) if c >= " " or c in "\t\n\r")
