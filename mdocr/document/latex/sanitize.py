r"""Recognised formulas made safe for a LaTeX document: parsed, checked, and written anew.

What the parser below does not know (a command that is not on the allow-list, a missing argument) is
refused, and the renderer shows the formula as text instead. What comes out has balanced braces and
environments, and compiles.
"""

from collections.abc import Callable

from mdocr.document.latex import commands
from mdocr.document.latex.escape import escape
from mdocr.document.latex.scripts import single_scripts
from mdocr.document.latex.token_reader import RULES, RefusedFormula, TokenReader, stops
from mdocr.document.latex.tokens import BEGIN, FENCE, tokenize

_DEEPEST = 40
"""Groups, cells and fences inside one another."""

_DEEPEST_ARGUMENT = 100
"""Arguments inside one another, with or without braces."""

_PLAIN = frozenset("+-*/=<>()[]|,.;:!?@")


def sanitize(latex: str, *, display: bool = False) -> str:
    r"""The formula, written anew so that it compiles and can only typeset mathematics.

    Args:
        latex: without the delimiters around it.
        display: whether it stands on a line of its own, where it may have a ``\tag``.

    Raises:
        RefusedFormula: the formula must be shown as text.
    """
    parser = _Parser(single_scripts(tokenize(latex)), display)
    written = parser.sequence()
    if parser.peek():
        raise RefusedFormula(f"{parser.peek()!r} closes nothing")
    if not written.strip():
        raise RefusedFormula("nothing to typeset")
    return written.strip() + parser.tag


def is_harmless(latex: str) -> bool:
    """Whether no command reaches outside the formula, for Markdown and HTML."""
    used = (part[1:].rstrip("*") for part in tokenize(latex) if part.startswith("\\"))
    return commands.HARMFUL.isdisjoint(used)


class _Parser(TokenReader):
    """Recursive descent over the tokens; every method writes what it has read."""

    def __init__(self, parts: list[str], display: bool) -> None:
        super().__init__(parts)
        self.depth = 0
        self.nesting = 0
        self.display = display
        self.tag = ""

    def sequence(self, end: str = "") -> str:
        """Atoms with their scripts, up to ``end`` or what ends a group, cell or fence."""
        self.depth += 1
        if self.depth > _DEEPEST:
            raise RefusedFormula("too deep")
        out = []
        while (part := self.peek()) and part != end and not stops(part):
            out.append(self.scripts() if part in ("^", "_", "'") else self.atom())
        self.depth -= 1
        return " ".join(filter(None, out))

    def scripts(self) -> str:
        """Primes, a superscript and a subscript, each at most once."""
        found: dict[str, str] = {}
        while (part := self.peek()) in ("^", "_", "'"):
            self.take()
            key = "^" if part == "'" else part
            body = "\\prime" if part == "'" else self.argument()
            found[key] = f"{found[key]} {body}" if key in found else body
        return _written(found)

    def atom(self) -> str:
        part = self.take()
        if part == "{":
            return "{" + self.rest_of_group() + "}"
        if part.startswith("\\"):
            return self.command(part)
        if part.isascii() and (part.isalnum() or part in _PLAIN):
            return part
        return self.character(part)

    def character(self, part: str) -> str:
        if part in commands.UNICODE:
            return "{" + commands.UNICODE[part] + "}"
        if part in '%#$"`' or not part.isascii():
            return f"\\text{{{escape(part)}}}"
        if part == "~":
            return part
        raise RefusedFormula(f"{part!r} stands alone")

    def rest_of_group(self) -> str:
        written = self.sequence()
        self.expect("}")
        return written

    def argument(self) -> str:
        """One argument, without its braces."""
        part = self.peek()
        if part == "{":
            self.take()
            return self.rest_of_group()
        if not part or stops(part) or part in ("^", "_", "'"):
            raise RefusedFormula("an argument is missing")
        self.nesting += 1
        if self.nesting > _DEEPEST_ARGUMENT:
            raise RefusedFormula("too deep")
        written = self.atom()
        self.nesting -= 1
        return written

    def command(self, part: str) -> str:
        name = part[1:]
        if begin := BEGIN.fullmatch(part):
            return self.environment(begin[1])
        if fence := FENCE.fullmatch(part):
            return self.fence(fence[1], fence[2])
        if part in commands.CONTROL_SYMBOLS:
            return "~" if part == "\\ " else part
        return self.named(commands.RENAMED.get(name, name))

    def named(self, name: str) -> str:
        if name in commands.SYMBOLS:
            return f"\\{name}"
        if name == "sqrt":
            return f"\\sqrt{self.option()}{{{self.argument()}}}"
        if name in commands.UNARY:
            return f"\\{name}{{{self.argument()}}}"
        if name in commands.BINARY:
            return f"\\{name}{{{self.argument()}}}{{{self.argument()}}}"
        if name in commands.TEXT:
            return f"\\text{{{self.text()}}}"
        return self.special(name)

    def special(self, name: str) -> str:
        """The commands with a form of their own."""
        if name in commands.SIZED:
            return f"\\{name}{self.delimiter(self.take())}"
        if name in commands.EXTENSIBLE_ARROWS:
            return f"\\{name}{self.option()}{{{self.argument()}}}"
        forms: dict[str, Callable[[], str]] = {
            "tag": self.read_tag,
            "tag*": self.read_tag,
            "substack": self.substack,
            "hspace": self.space,
            "hspace*": self.space,
            "not": lambda: f"\\not{{{self.argument()}}}",
            "limits": lambda: "",
            "nolimits": lambda: "",
            "label": lambda: self.text() and "",
        }
        if name in commands.DROPPED and name not in forms:
            return ""
        if name in ("<", ">", "mathbb{R}"):
            return name if len(name) == 1 else f"\\{name}"
        if name not in forms:
            raise RefusedFormula(f"\\{name} is not on the list")
        return forms[name]()

    def option(self) -> str:
        if self.peek() != "[":
            return ""
        self.take()
        written = self.sequence("]")
        self.expect("]")
        return f"[{{{written}}}]"

    def delimiter(self, part: str) -> str:
        if part not in commands.DELIMITERS:
            raise RefusedFormula(f"{part!r} is not a delimiter")
        return part + (" " if part[1:].isalpha() else "")

    def fence(self, name: str, opening: str) -> str:
        if name != "left":
            raise RefusedFormula(f"\\{name} without \\left")
        written = f"\\left{self.delimiter(opening)}"
        while True:
            written += " " + self.sequence()
            match = FENCE.fullmatch(self.take())
            if not match:
                raise RefusedFormula("\\left without \\right")
            written += f" \\{match[1]}{self.delimiter(match[2])}"
            if match[1] == "right":
                return written

    def read_tag(self) -> str:
        if not self.display or self.tag or self.depth > 1:
            raise RefusedFormula("a tag stands inside a formula")
        self.tag = f"\\tag{{{self.text().replace('$', '')}}}"
        return ""

    # Rows and columns

    def environment(self, name: str) -> str:
        columns = self.column_types() if name == "array" else ""
        if name == "alignedat":
            self.argument()
        rows = self.rows()
        if not self.take().startswith("\\end"):
            raise RefusedFormula(f"{name} is not closed")
        width = max(len(row) for row in rows)
        return _environment(name, columns, width, _rows(rows))

    def substack(self) -> str:
        self.expect("{")
        rows = self.rows()
        self.expect("}")
        if max(map(len, rows)) > 1:
            raise RefusedFormula("\\substack with columns")
        return f"\\substack{{{_rows(rows)}}}"

    def rows(self) -> list[list[str]]:
        rows = [[""]]
        while (part := self.peek()) and part != "}" and not part.startswith("\\end"):
            if part == "&":
                self.take()
                rows[-1].append("")
            elif part == "\\\\":
                self.take()
                self.row_distance()
                rows.append([""])
            elif part in RULES:
                self.take()
            elif FENCE.fullmatch(part) and not part.startswith("\\left"):
                raise RefusedFormula(f"{part} without \\left in its cell")
            else:
                rows[-1][-1] += self.sequence()
        return rows


def _written(scripts: dict[str, str]) -> str:
    return "".join(f"{key}{{{body}}}" for key, body in scripts.items())


def _rows(rows: list[list[str]]) -> str:
    # The braces keep a bracket or star that follows from being read as an argument of \\.
    return " \\\\{} ".join(" & ".join(row) for row in rows)


def _environment(name: str, columns: str, width: int, body: str) -> str:
    if name == "cases" and width <= 2:
        return f"\\begin{{cases}}{{}}{body}\\end{{cases}}"
    if name == "cases":
        return f"\\left\\{{{_environment('array', 'l' * width, width, body)}\\right."
    if name in commands.MATRICES:
        return f"\\begin{{{name}}}{{}}{body}\\end{{{name}}}"
    if name == "gathered" and width == 1:
        return f"\\begin{{gathered}}{{}}{body}\\end{{gathered}}"
    if name in commands.ALIGNMENTS or name == "alignedat":
        return f"\\begin{{aligned}}{{}}{body}\\end{{aligned}}"
    if name == "array":
        filled = columns + "c" * (width - len(columns.replace("|", "")))
        return f"\\begin{{array}}{{{filled}}}{body}\\end{{array}}"
    raise RefusedFormula(f"the environment {name} is not on the list")
