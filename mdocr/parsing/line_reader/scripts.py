"""Superscripts and subscripts of a line, told by where their glyphs stand.

The reader reads ``10`` and a raised ``30`` as ``1030``. Where the glyphs of a word can be counted
off against its characters, those that stand higher or lower are marked ``<sup>`` or ``<sub>``.
"""

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np

from mdocr.fragments.geometry import Pixels
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
MARKS = ",()[]"
"""What stands among raised digits only, as in notes 1,2 or [3]."""

FARTHEST = 8
"""Glyphs by which those of a line may run ahead of its characters, or lag behind."""

_HIGH = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_DESCENDING = "gjpqyQ,;()[]{}|/_"
_LOW = "₀₁₂₃₄₅₆₇₈₉"
_PLAIN = str.maketrans(_HIGH + _LOW, 2 * "0123456789")
_ORDINALS = str.maketrans("ºª", "04")
"""Beside raised digits these are digits themselves: nothing is raised twice."""

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
    groups = _grouped(glyphs(ink_mask(pixels)), words)
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
        _marked(word, group, _base_near(group[0], standing), capital, first=not number)
        if len(word) == len(group)
        else [(character, "") for character in word]
        for number, (word, group) in enumerate(zip(words, groups, strict=True))
    ]
    return _joined(marked)


def _base_near(glyph: Glyph, standing: Sequence[Glyph]) -> float:
    nearest = sorted(standing, key=lambda one: abs(one.x0 - glyph.x0))[:AROUND]
    return float(np.median([one.y1 for one in nearest]))


def _grouped(found: Sequence[Glyph], words: Sequence[str]) -> list[list[Glyph]]:
    """Glyphs as so many words: by their counts where they tell, else by the gaps between them.

    The cheapest way to part them, where a glyph too many or too few costs 1, and a narrow gap
    between two words up to 1.
    """
    gaps = [right.x0 - left.x1 for left, right in pairwise(found)]
    wide = float(np.median(sorted(gaps, reverse=True)[: len(words) - 1] or [1]))
    tight = [0.0, *(1 - min(1.0, max(0.0, gap / max(wide, 1.0))) for gap in gaps), 0.0]
    ends: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}
    total = 0
    if abs(len(found) - sum(map(len, words))) > FARTHEST:
        return [[] for _ in words]
    for word in words:
        total += len(word)
        reached = {}
        for end in range(max(0, total - FARTHEST), min(len(found), total + FARTHEST) + 1):
            fitting, gap = end - len(word), tight[end]
            cost, edges = min(
                [
                    (cost + abs(fitting - start) + gap, edges)
                    for start, (cost, edges) in ends.items()
                ]
            )
            reached[end] = cost, (*edges, end)
        ends = reached
    if len(found) not in ends:
        return [[] for _ in words]
    return [list(found[a:b]) for a, b in pairwise((0, *ends[len(found)][1]))]


def _marked(
    word: str, group: Sequence[Glyph], base: float, capital: float, *, first: bool
) -> Marked:
    """The characters of a word with their kinds.

    Args:
        word: what was read.
        group: its glyphs, one a character.
        base: row of the base line.
        capital: height of a capital.
        first: it begins its line, as the mark of a note does.
    """
    kinds = [_kind(c, glyph, base, capital) for c, glyph in zip(word, group, strict=True)]
    kinds = _with_signs(kinds)
    plain = [(character, "") for character in word]
    if kinds[0] == "sub":
        return plain  # without a base it is something else
    if kinds[0] == "sup":
        rest = "".join(c for c, kind in zip(word, kinds, strict=True) if not kind)
        is_note = first and word[0].isdigit()
        if any(map(str.isalnum, rest)) and not is_note:
            return plain
    for index in range(1, len(kinds)):
        before = word[index - 1]
        if kinds[index] == "sub" and not (
            before.isalpha() or before == ")" or kinds[index - 1] == "sub"
        ):
            kinds[index] = ""
    return list(zip(word, kinds, strict=True))


def _with_signs(kinds: Sequence[str]) -> list[str]:
    """Raised signs beside raised digits or letters are scripts as they are; others are none."""
    found: list[str] = []
    for is_raised, run in groupby(kinds, key=lambda kind: kind in ("sup", "sign")):
        own = list(run)
        found += [("sup" if "sup" in own else "") if is_raised else kind for kind in own]
    return found


def _kind(character: str, glyph: Glyph, base: float, capital: float) -> str:
    """``sup``, ``sub``, ``sign`` for a raised sign, or nothing."""
    if character in _HIGH:
        return "sup"
    foot, middle = base - glyph.y1, base - (glyph.y0 + glyph.y1) / 2
    if character in SIGNS:
        return "sign" if middle > SIGN * capital else ""
    if character in MARKS:
        return "sign" if foot >= RAISED * capital else ""
    if not character.isdigit() and not (character.isalpha() and character.islower()):
        return ""
    if foot >= RAISED * capital and glyph.height <= SMALL * capital:
        return "sup"
    is_low = character.isdigit() and -foot >= LOWERED * capital
    return "sub" if is_low and glyph.height <= SUBSCRIPT * capital else ""


def _joined(words: Sequence[Marked]) -> str:
    """Words as one text; one that is raised belongs to the word before it."""
    parts: Marked = []
    for word in words:
        raised = bool(parts) and word[0][1] == "sup"
        parts += word if raised or not parts else [(" ", ""), *word]
    return "".join(
        _written("".join(character for character, _ in run), kind)
        for kind, run in ((kind, list(run)) for kind, run in groupby(parts, key=lambda p: p[1]))
    )


def _written(content: str, kind: str) -> str:
    if not kind:
        return content
    if len(content) == 1 and content in _HIGH + _LOW + "ºª":
        return content  # Unicode's own, as of m³, H₂O and nº, says it all
    content = content.translate(_PLAIN)
    if any(map(str.isdigit, content)):
        content = content.translate(_ORDINALS)
    if content[0] in SIGNS[1:] and content[1:].isdigit():
        content = f"−{content[1:]}"  # a raised dash before a digit is a minus
    return f"<{kind}>{content}</{kind}>"
