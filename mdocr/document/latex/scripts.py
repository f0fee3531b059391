"""Superscripts and subscripts: TeX allows one of each kind on a base, and refuses a second."""

from itertools import accumulate

from mdocr.document.latex.tokens import END, FENCE

DEEPEST = 200
"""Groups inside one another; what is nested deeper is no formula and stays as it is."""


def single_scripts(parts: list[str]) -> list[str]:
    """Gives a second superscript or subscript an empty base of its own, and a bare one a body.

    Args:
        parts: tokens of a formula; those of one that ``is_too_deep`` come back as they are.
    """
    return parts if is_too_deep(parts) else _single(parts)


def is_too_deep(parts: list[str]) -> bool:
    """Whether more than ``DEEPEST`` groups stand inside one another."""
    depths = accumulate((part == "{") - (part == "}") for part in parts)
    return max(depths, default=0) > DEEPEST


def _single(parts: list[str]) -> list[str]:
    out: list[str] = []
    seen: set[str] = set()
    index = 0
    while index < len(parts):
        part = parts[index]
        script = "^" if part == "'" else part
        if script not in ("^", "_"):
            seen = seen if part.isspace() else set()
            out.append(part)
            index += 1
            continue
        if script in seen and not (part == "'" and out[-1] == "'"):
            out.append("{}")
            seen = set()
        end = index + 1 if part == "'" else _script_end(parts, index)
        body = _single(parts[index + 1 : end])
        out += [part, *(body or ["{}"] if part != "'" else [])]
        seen = seen | {script} if part != "'" or parts[end : end + 1] != ["^"] else seen
        index = end
    return out


def _script_end(parts: list[str], index: int) -> int:
    """Index after the body of the script at ``index``."""
    start = index + 1
    while start < len(parts) and parts[start].isspace():
        start += 1
    if start == len(parts) or parts[start] in ("}", "&", "\\\\", "^", "_", "'"):
        return index + 1
    if FENCE.fullmatch(parts[start]) or END.fullmatch(parts[start]):
        return index + 1
    end = _group_end(parts, start)
    is_command = parts[start].startswith("\\") and parts[start][1:].isalpha()
    while is_command and parts[end : end + 1] == ["{"] and parts[end + 1 : end + 2] != ["}"]:
        end = _group_end(parts, end)
    return end


def _group_end(parts: list[str], start: int) -> int:
    """Index after the token, or the braces, that begin at ``start``."""
    depth = 0
    for index in range(start, len(parts)):
        depth += (parts[index] == "{") - (parts[index] == "}")
        if depth == 0:
            return index + 1
    return len(parts)
