r"""The notation in which the line reader writes formulas: one character per sign, prefix operators.

``\frac{\hat{x}^{2}}{n + 1}`` is ``⁄{ˆx^2}{n+1}``. An argument is a single sign, a prefix with its
own arguments, or a group in braces. Spaces, ``\left`` and ``\right`` are omitted, and subscripts
precede superscripts. So formulas that look alike, up to spacing and bracket sizes, have the same
notation.
"""

import re
from collections.abc import Iterable, Iterator

from mdocr.document.latex.scripts import single_scripts
from mdocr.document.latex.tokens import strip_delimiters, tokenize
from mdocr.errors import InputError
from mdocr.preprocessing.line_charset import PAGE_SYMBOLS

SIGNS = {
    **{r"\alpha": "α", r"\beta": "β", r"\gamma": "γ", r"\delta": "δ", r"\epsilon": "ϵ"},
    **{r"\varepsilon": "ε", r"\zeta": "ζ", r"\eta": "η", r"\theta": "θ", r"\vartheta": "ϑ"},
    **{r"\iota": "ι", r"\kappa": "κ", r"\lambda": "λ", r"\mu": "µ", r"\nu": "ν", r"\xi": "ξ"},
    **{r"\pi": "π", r"\rho": "ρ", r"\sigma": "σ", r"\tau": "τ", r"\upsilon": "υ", r"\phi": "ϕ"},
    **{r"\varphi": "φ", r"\chi": "χ", r"\psi": "ψ", r"\omega": "ω", r"\Gamma": "Γ"},
    **{r"\Delta": "∆", r"\Theta": "Θ", r"\Lambda": "Λ", r"\Xi": "Ξ", r"\Pi": "Π", r"\Sigma": "Σ"},
    **{r"\Upsilon": "Υ", r"\Phi": "Φ", r"\Psi": "Ψ", r"\Omega": "Ω", r"\ell": "ℓ", r"\hbar": "ħ"},
    **{r"\leq": "≤", r"\geq": "≥", r"\neq": "≠", r"\approx": "≈", r"\equiv": "≡", r"\sim": "∼"},
    **{r"\propto": "∝", r"\simeq": "≃", r"\ll": "≪", r"\gg": "≫", r"\to": "→", r"\mapsto": "↦"},
    **{r"\Rightarrow": "⇒", r"\subset": "⊂", r"\subseteq": "⊆", r"\in": "∈", r"\cup": "∪"},
    **{r"\cap": "∩", r"\pm": "±", r"\times": "×", r"\cdot": "⋅", r"\nabla": "∇"},
    **{r"\partial": "∂", r"\infty": "∞", r"\prime": "′", r"\langle": "⟨", r"\rangle": "⟩"},
    **{r"\|": "‖", r"\{": "⦃", r"\}": "⦄", r"\sum": "∑", r"\prod": "∏", r"\int": "∫"},
    **{r"\iint": "∬", r"\oint": "∮", r"\bigcup": "⋃", r"\ldots": "…", r"\forall": "∀"},
    **{r"\exists": "∃", r"\otimes": "⊗", r"\oplus": "⊕", r"\circ": "∘", r"\%": "%", r"\&": "&"},
}
"""Commands without arguments, and their characters."""

PREFIXES = {
    **{r"\frac": "⁄", r"\binom": "⍞", r"\sqrt": "√", r"\hat": "ˆ", r"\bar": "ˉ", r"\tilde": "˜"},
    **{r"\vec": "⇀", r"\dot": "˙", r"\overline": "‾", r"\mathbf": "▮", r"\mathcal": "◠"},
    **{r"\mathbb": "▯", r"\mathrm": "ʀ"},
}
"""Commands with arguments, and their prefixes."""

ROOT = "∛"
r"""Prefix of a root with a degree: ``\sqrt[3]{x}`` is ``∛3x``."""

TWO = PREFIXES[r"\frac"] + PREFIXES[r"\binom"] + ROOT
"""Prefixes of two arguments; the others have one."""

SCRIPTS = "^_"
ROMAN = PREFIXES[r"\mathrm"]
OPERATORS = (
    *("arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "deg", "det", "dim", "exp"),
    *("gcd", "inf", "ker", "lim", "ln", "log", "max", "min", "sin", "sinh", "sup", "tan", "tanh"),
)
r"""Operator names with a command of their own, such as ``\sin``; noted as ``\mathrm{sin}``."""

ALIKE = {
    **{r"\le": r"\leq", r"\ge": r"\geq", r"\ne": r"\neq", r"\rightarrow": r"\to"},
    **{r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\widehat": r"\hat", r"\widetilde": r"\tilde"},
    **{r"\text": r"\mathrm", r"\operatorname": r"\mathrm", r"\lbrace": r"\{", r"\rbrace": r"\}"},
    **{r"\lvert": "|", r"\rvert": "|", r"\vert": "|", r"\Vert": r"\|", r"\dots": r"\ldots"},
}
"""Commands that are typeset like others, or nearly so."""

RESERVED = "}#$%&\\"
"""Characters that are special in LaTeX."""

ESCAPED = {"\\": r"\backslash", "#": r"\#", "$": r"\$", "~": r"\sim"}
"""LaTeX of special characters that the reader may predict."""

DEEPEST = 40
"""Maximum nesting depth of the LaTeX written; deeper arguments are left empty."""

SPACES = (r"\,", r"\;", r"\:", r"\!", r"\ ", r"\quad", r"\qquad", r"\displaystyle", "~")
BRACKETS = {"(": ")", "[": "]", "⦃": "⦄", "⟨": "⟩"}
TALL = frozenset(TWO + "√∑∏∫∬∮⋃")
"""Signs that make the brackets around them grow."""

FORMULA_SYMBOLS = PAGE_SYMBOLS + "".join(
    symbol
    for symbol in dict.fromkeys([*SIGNS.values(), *PREFIXES.values(), ROOT])
    if symbol not in PAGE_SYMBOLS
)
"""The characters of text, then those that only formulas use."""


def of_text(symbols: Iterable[str]) -> str:
    """Those of ``symbols`` that may occur in texts: all but those that only formulas use."""
    notation = set(FORMULA_SYMBOLS) - set(PAGE_SYMBOLS)
    return "".join(symbol for symbol in symbols if symbol not in notation)


_COMMANDS = {symbol: command for command, symbol in [*SIGNS.items(), *PREFIXES.items()]}


def is_level(notation: str) -> bool:
    """Whether it is written as it is read, from left to right: nothing stands above another."""
    return not set(notation) & {*PREFIXES.values(), ROOT, *TALL}


def to_notation(latex: str) -> str:
    """The notation of a LaTeX formula.

    Raises:
        InputError: a command or character is not supported, or braces do not match.
    """
    tokens = _simple_tokens(latex)
    try:
        text = _sequence(tokens, "")
    except RecursionError as error:
        raise _unknown("so many levels") from error
    if next(tokens, None) is not None:
        raise _unknown("}")
    return text


def to_latex(notation: str) -> str:
    """LaTeX of a formula in notation; missing arguments are empty."""
    return "".join(single_scripts(tokenize(_Writer(notation).write())))


def arguments(prefix: str) -> int:
    """Number of arguments of a character of the notation."""
    if prefix in TWO:
        return 2
    return int(prefix in SCRIPTS or (prefix in _COMMANDS and _COMMANDS[prefix] in PREFIXES))


def _simple_tokens(latex: str) -> Iterator[str]:
    r"""Tokens without spaces, ``\left`` and ``\right``; aliases are resolved."""
    for token in tokenize(strip_delimiters(latex)):
        for sizing in (r"\left", r"\right", r"\middle"):
            if token.startswith(sizing) and not token[len(sizing) :][:1].isalpha():
                # a dot is an empty delimiter
                token = token.removeprefix(sizing).strip().removeprefix(".")
        star = "*" * (token[:1] == "\\" and token[-1:] == "*")
        token = token.removesuffix(star)
        token = ALIKE.get(token, token)
        if token.strip() and token not in SPACES:
            yield token
        yield from star


def _sequence(tokens: Iterator[str], end: str) -> str:
    """Signs up to the token ``end``, each with its arguments; subscripts before superscripts."""
    items: list[str] = []
    for token in tokens:
        if token == end:
            return "".join(items)
        item = _item(token, tokens)
        before = items[-1] if items else ""
        if item == "^′" and before in ("^′", "^{′′}"):
            items[-1] = "^{′′}" if before == "^′" else "^{′′′}"
        elif item[:1] == "_" and before[:1] == "^" and items[-2:-1] and items[-2][:1] != "_":
            items.insert(-1, item)
        else:
            items.append(item)
    if end:
        raise _unknown("{")
    return "".join(items)


def _item(token: str, tokens: Iterator[str]) -> str:
    if token == "'":
        return "^′"
    if token in SIGNS:
        return SIGNS[token]
    if token[1:] in OPERATORS:
        return f"{ROMAN}{{{token[1:]}}}"
    if token == "{":
        return _sequence(tokens, "}")
    if token == r"\sqrt":
        return _root(tokens)
    symbol = PREFIXES.get(token, token)
    if len(symbol) > 1 or symbol not in FORMULA_SYMBOLS or token in RESERVED:
        raise _unknown(token)
    return symbol + "".join(_argument(tokens) for _ in range(arguments(symbol)))


def _root(tokens: Iterator[str]) -> str:
    token = next(tokens, "")
    if token == "[":
        return ROOT + _grouped(_sequence(tokens, "]")) + _argument(tokens)
    return PREFIXES[r"\sqrt"] + _argument_from(token, tokens)


def _argument(tokens: Iterator[str]) -> str:
    return _argument_from(next(tokens, ""), tokens)


def _argument_from(token: str, tokens: Iterator[str]) -> str:
    if not token:
        raise _unknown("a missing argument")
    return _grouped(_item(token, tokens))


def _grouped(content: str) -> str:
    """An argument, in braces unless it is a single sign or prefix with its arguments."""
    return content if _end_of_item(content, 0) == len(content) else f"{{{content}}}"


def _end_of_item(text: str, start: int) -> int:
    """End of the sign at ``start`` and its arguments; -1 if there is none."""
    if start >= len(text) or text[start] in SCRIPTS:
        return -1
    return end_of_argument(text, start)


def end_of_argument(text: str, start: int) -> int:
    """End of the group, or the sign and its arguments, at ``start``."""
    if start >= len(text):
        return start
    if text[start] == "{":
        depth = 0
        for at in range(start, len(text)):
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            if not depth:
                return at + 1
        return len(text)
    end = start + 1
    for _ in range(arguments(text[start])):
        end = end_of_argument(text, end)
    return end


def _unknown(what: str) -> InputError:
    return InputError(
        f"the notation of formulas has no equivalent of {what}",
        "Rewrite the formula with other commands, or leave it out.",
    )


class _Writer:
    """Writes LaTeX from left to right."""

    def __init__(self, notation: str) -> None:
        self.text = notation
        self.at = 0
        self.depth = 0

    def write(self) -> str:
        """The whole formula; unmatched closing braces are skipped."""
        parts: list[str] = []
        while self.at < len(self.text):
            part = self._sequence()
            parts.append("{}" * (bool(parts) and part[:1] in ("^", "_")) + part)
            self.at += 1
        return spaced(part for part in parts if part)

    def _sequence(self) -> str:
        """Signs up to a closing brace or the end."""
        signs: list[str] = []
        written: list[str] = []
        while self.at < len(self.text) and self.text[self.at] != "}":
            start = self.at
            written.append(self._item())
            signs.append(self.text[start : self.at])
        return spaced(_sized(signs, written))

    def _item(self) -> str:
        symbol = self.text[self.at]
        self.at += 1
        if symbol == "{":
            return "{" + self._group() + "}"
        if symbol in SCRIPTS:
            return symbol + "{" + self._argument() + "}"
        if symbol == ROOT:
            degree = self._argument()
            degree = f"{{{degree}}}" if "]" in degree else degree
            return rf"\sqrt[{degree}]{{{self._argument()}}}"
        command = ESCAPED.get(symbol) or _COMMANDS.get(symbol, symbol)
        if symbol == ROMAN:
            return self._roman()
        return command + "".join(f"{{{self._argument()}}}" for _ in range(arguments(symbol)))

    def _roman(self) -> str:
        content = self._argument()
        return "\\" + content if content in OPERATORS else rf"\mathrm{{{content}}}"

    def _argument(self) -> str:
        if self.at >= len(self.text) or self.text[self.at] == "}" or self.depth > DEEPEST:
            return ""
        if self.text[self.at] == "{":
            self.at += 1
            return self._group()
        self.depth += 1
        item = self._item()
        self.depth -= 1
        return item

    def _group(self) -> str:
        if self.depth > DEEPEST:
            return ""
        self.depth += 1
        content = self._sequence()
        self.depth -= 1
        self.at += 1  # the closing brace
        return content


def _sized(signs: list[str], written: list[str]) -> list[str]:
    r"""``\left`` and ``\right`` added to brackets around tall signs."""
    written = list(written)
    opened: list[int] = []
    for at, sign in enumerate(signs):
        if sign in BRACKETS:
            opened.append(at)
        elif opened and sign == BRACKETS[signs[opened[-1]]]:
            start = opened.pop()
            if not TALL.isdisjoint("".join(signs[start:at])):
                written[start] = r"\left" + written[start]
                written[at] = r"\right" + written[at]
    return written


def spaced(parts: Iterable[str]) -> str:
    """The parts joined, with a space where a command would run into a letter or a star."""
    text = ""
    for part in parts:
        runs_on = (
            text and (part[:1].isalpha() or part[:1] == "*") and re.search(r"\\[A-Za-z]+$", text)
        )
        text += f" {part}" if runs_on else part
    return text
