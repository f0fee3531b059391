"""Superscripts and subscripts of a line, told by where their glyphs stand.

The reader reads ``10`` and a raised ``30`` as ``1030``. Where the glyphs of a word can be counted
off against its characters, those that stand higher or lower are marked ``<sup>`` or ``<sub>``.
"""

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np

from mdocr.layout.regions import Pixels
from mdocr.parsing.line_reader.strips import Glyph, glyphs, ink_mask

RAISED = 0.17
"""How far the foot of a superscript is above the base line, in heights of a capital."""

SMALL = 0.95
"""Height of a script at most, in the same."""

SIGN = 0.55
"""How far above the base line the middle of a raised minus is, in the same."""

LOWERED, SUBSCRIPT = 0.12, 0.7
"""How far the foot of a subscript is below the base line, and its height at most."""

FEWEST = 5
"""Letters from which a base line can be told."""

AROUND = 12
"""Letters near a word that tell its base line: that of the whole line may bow."""

SIGNS = "+-−–"
_HIGH = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_DESCENDING = "gjpqyQ,;()[]{}|/_"
_PLAIN = str.maketrans(_HIGH, "0123456789")

Marked = list[tuple[str, str]]
"""Characters of a word with ``sup``, ``sub`` or nothing each."""


def with_scripts(text: str, pixels: Pixels) -> str:
    """The text of a line with its scripts marked.

    Args:
        text: what was read; without formulas.
        pixels: the line, [h, w, 3] or [h, w], level.
    """
    if not any(character.isdigit() for character in text):
        return text  # scripts of letters alone are too rare to be worth the mistakes
    words = text.split()
    groups = _grouped(glyphs(ink_mask(pixels)), len(words))
    letters = [
        (character, glyph)
        for word, group in zip(words, groups, strict=True)
        if len(word) == len(group)
        for character, glyph in zip(word, group, strict=True)
    ]
    standing = [glyph for c, glyph in letters if c.isalnum() and c not in _DESCENDING + _HIGH]
    if len(standing) < FEWEST:
        return text
    base = float(np.median([glyph.y1 for glyph in standing]))
    capital = float(np.percentile([base - glyph.y0 for glyph in standing], 85))
    marked = [
        _marked(word, group, _base_near(group[0], standing), capital)
        if len(word) == len(group)
        else [(character, "") for character in word]
        for word, group in zip(words, groups, strict=True)
    ]
    return _joined(marked)


def _base_near(glyph: Glyph, standing: Sequence[Glyph]) -> float:
    nearest = sorted(standing, key=lambda one: abs(one.x0 - glyph.x0))[:AROUND]
    return float(np.median([one.y1 for one in nearest]))


def _grouped(found: Sequence[Glyph], count: int) -> list[list[Glyph]]:
    """Glyphs as so many words, parted at the widest gaps."""
    if len(found) < count:
        return [[] for _ in range(count)]
    gaps = [right.x0 - left.x1 for left, right in pairwise(found)]
    widest = sorted(np.argsort(gaps, kind="stable")[::-1][: count - 1].tolist()) if gaps else []
    edges = [0, *(index + 1 for index in widest), len(found)]
    return [list(found[a:b]) for a, b in pairwise(edges)]


def _marked(word: str, group: Sequence[Glyph], base: float, capital: float) -> Marked:
    kinds = [_kind(c, glyph, base, capital) for c, glyph in zip(word, group, strict=True)]
    for index, character in enumerate(word):
        after = kinds[index + 1] if index + 1 < len(word) else ""
        if kinds[index] == "sign":
            kinds[index] = "sup" if after == "sup" and character in SIGNS else ""
    if kinds[0] == "sub" or (kinds[0] == "sup" and set(kinds) != {"sup"}):
        return [(character, "") for character in word]  # without a base it is something else
    for index in range(1, len(kinds)):
        if kinds[index] == "sub" and not (word[index - 1].isalpha() or kinds[index - 1] == "sub"):
            kinds[index] = ""
    return list(zip(word, kinds, strict=True))


def _kind(character: str, glyph: Glyph, base: float, capital: float) -> str:
    """``sup``, ``sub``, ``sign`` for a raised minus or plus, or nothing."""
    if character in _HIGH:
        return "sup"
    foot, middle = base - glyph.y1, base - (glyph.y0 + glyph.y1) / 2
    if character in SIGNS:
        return "sign" if middle > SIGN * capital else ""
    if not character.isdigit() and not (character.isalpha() and character.islower()):
        return ""
    if foot >= RAISED * capital and glyph.height <= SMALL * capital:
        return "sup"
    is_low = character.isdigit() and -foot >= LOWERED * capital
    return "sub" if is_low and glyph.height <= SUBSCRIPT * capital else ""


def _joined(words: Sequence[Marked]) -> str:
    """Words as one text; one that is all raised belongs to the word before it."""
    parts: Marked = []
    for word in words:
        raised = bool(parts) and all(kind == "sup" for _, kind in word)
        parts += word if raised or not parts else [(" ", ""), *word]
    return "".join(
        _written("".join(character for character, _ in run), kind)
        for kind, run in ((kind, list(run)) for kind, run in groupby(parts, key=lambda p: p[1]))
    )


def _written(content: str, kind: str) -> str:
    if not kind:
        return content
    if len(content) == 1 and content in _HIGH:
        return content  # Unicode's own, as of m³, says it all
    return f"<{kind}>{content.translate(_PLAIN)}</{kind}>"
