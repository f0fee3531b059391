import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from documents import block, document, everything

from mdocr.document.latex import commands
from mdocr.document.latex.escape import escape, escape_code
from mdocr.document.latex.repair import repair
from mdocr.document.latex.sanitize import is_harmless, sanitize
from mdocr.document.latex.token_reader import RefusedFormula
from mdocr.document.model import Block, Box
from mdocr.options import RenderOptions
from mdocr.render import FORMATS
from mdocr.render.latex import render, running

COMPILERS = ("pdflatex", "xelatex")
OURS = re.compile(
    r"\\(?:textbackslash|textasciicircum|textasciitilde|textless|textgreater|textbar|textquotedbl"
    r"|textasciigrave|textquotesingle)\{\}|\\[{}$&#%_]|\{[-,\[\]*]\}"
)
ATTACKS = (
    "\\input{/etc/passwd}",
    "\\write18{ls}",
    "\\immediate\\write18{ls}",
    "^^5cinput{x}",
    "\\csname input\\endcsname{x}",
    "\\def\\x{\\x}\\x",
    "\\begin{verbatim}",
    "\\end{document}",
    "% gone",
    "\\catcode`\\%=12",
    "\\openin5=/etc/passwd",
    "\\directlua{os.exit()}",
    "\\include{x}",
    "}{",
    "\\",
    "$",
    "\\loop\\iftrue\\repeat",
)


@pytest.mark.parametrize("text", ATTACKS)
def test_read_text_is_no_command(text: str) -> None:
    rest = OURS.sub("", escape(text))
    assert not set("\\{}$&#%^_~") & set(rest)


def test_random_text_is_no_command() -> None:
    choices = random.Random(5)
    alphabet = "\\{}$&#%_^~<>|\"`'-,[]*@:;?! \n\tab1é中\x00\x07\u202e"
    for _ in range(2000):
        text = "".join(choices.choice(alphabet) for _ in range(choices.randint(1, 40)))
        for written in (escape(text), escape_code(text).replace("\\ ", " ")):
            assert not set("\\{}$&#%^_~") & set(OURS.sub("", written)), text
            assert written.isprintable()


def test_ligatures_and_options_are_parted() -> None:
    assert escape("a-b, c") == "a-b, c"
    assert escape("a--b ,, [x]*") == "a{-}{-}b {,}{,} {[}x{]}{*}"


@pytest.mark.parametrize("text", ATTACKS)
def test_formulas_that_are_attacks_are_refused_or_text(text: str) -> None:
    try:
        written = sanitize(repair(text), display=True)
    except RefusedFormula:
        written = ""
    found = set(re.findall(r"\\([A-Za-z]+)", written))
    assert found <= {"text", "prime", *commands.SYMBOLS, "textbackslash", "textquotedbl"}
    assert "^^" not in written


@pytest.mark.parametrize(
    "latex",
    [
        r"\input{/etc/passwd}",
        r"\def\a{b}",
        r"\frac{a}",
        r"a & b",
        r"\unknown x",
        r"\left( a",
        "}",
        r"\begin{tikzpicture}\end{tikzpicture}",
        r"\text{\write18{ls}}",
        "{" * 60 + "}" * 60,
        "",
        r"\hspace{\input{x}}",
        r"\begin{matrix}a",
        r"\big x",
        r"\tag{1}\tag{2}",
        "x^",
        r"\href{a}{b}",
    ],
)
def test_what_is_not_on_the_list_is_refused(latex: str) -> None:
    with pytest.raises(RefusedFormula):
        sanitize(latex, display=True)


@pytest.mark.parametrize(
    ("latex", "written"),
    [
        (r"\frac12", r"\frac{1}{2}"),
        (r"x'^2_i", r"x ^{\prime 2}_{i}"),
        (r"\sqrt[3]x", r"\sqrt[{3}]{x}"),
        (r"\mathbb R", r"\mathbb{R}"),
        (r"\text{if $x$}", r"\text{if \$x\$}"),
        (r"a%b", r"a \text{\%} b"),
        ("α≤中", r"{\alpha} {\leq} \text{中}"),
        (r"\begin{matrix}a\\ [b]\end{matrix}", r"\begin{matrix}{}a \\{} [ b ]\end{matrix}"),
        (r"\begin{array}{c|c}a&b&c\end{array}", r"\begin{array}{c|cc}a & b & c\end{array}"),
        (r"\left( a \middle| b \right]", r"\left( a \middle| b \right]"),
        (r"a \tag{2}", r"a\tag{2}"),
    ],
)
def test_formulas_are_written_anew(latex: str, written: str) -> None:
    assert sanitize(latex, display=True) == written


def test_harmless_is_said_of_formulas_without_reach() -> None:
    assert is_harmless(r"\frac{a}{b} \unknown")
    assert not is_harmless(r"\href{javascript:x}{a}")
    assert not is_harmless(r"\htmlStyle{x}{a}")


def test_a_refused_formula_is_shown_as_text() -> None:
    assert running(r"see \(\input{x}\) here") == (
        "see \\texttt{\\textbackslash{}input\\{x\\}} here"
    )


def test_meant_line_breaks_stay() -> None:
    assert running("a\nb\n\nc") == "a\\newline\nb\n\nc"
    assert running("\x00\na") == "a"


def test_environments_balance() -> None:
    written = render(everything())
    begun, ended = (re.findall(rf"\\{word}\{{(\w+\*?)\}}", written) for word in ("begin", "end"))
    assert sorted(begun) == sorted(ended)
    assert begun[0] == ended[-1] == "document"


def test_pictures_with_special_names_are_only_named() -> None:
    for name in ("a%b.png", "a#b.png", "a_{b}.png", "~a.png"):
        written = render(document((block("image", 0.1, image=name),)))
        assert "\\includegraphics" not in written
    assert "\\includegraphics" in render(document((block("image", 0.1, image="a b_c.png"),)))


def random_formula(choices: random.Random) -> str:
    parts = [f"\\{name}" for name in sorted(commands.UNARY | commands.BINARY | commands.TEXT)]
    parts += [
        *"{}{}{}^_&'[]()ab12+=|,!%$#~ ",
        "\\\\",
        "\\left(",
        "\\right)",
        "\\hline",
        "é",
        "中",
    ] * 8
    parts += ["\\begin{array}{cc}", "\\end{array}", "\\begin{cases}", "\\end{cases}", "\\alpha"] * 8
    return "".join(choices.choice(parts) for _ in range(choices.randint(1, 12)))


def compilable() -> tuple[Block, ...]:
    """Every name on the list, attacks, and random formulas."""
    formulas = [f"a \\{name} b" for name in sorted(commands.SYMBOLS)]
    formulas += [f"\\{name}{{x}}" for name in sorted(commands.UNARY)]
    formulas += [f"\\{name}{{x}}{{y}}" for name in sorted(commands.BINARY)]
    formulas += [
        f"\\left{d} a \\middle{d} \\Big{d} \\right{d}" for d in sorted(commands.DELIMITERS)
    ]
    formulas += [f"a {character} b^{character}" for character in commands.UNICODE]
    choices = random.Random(11)
    formulas += [random_formula(choices) for _ in range(300)]
    texts = [f"see \\({formula}\\) end {formula}" for formula in formulas] + list(ATTACKS)
    step = 1 / len(texts)
    return tuple(
        block("text", 0, text, box=Box(0.1, n * step, 0.9, (n + 0.5) * step))
        for n, text in enumerate(texts)
    )


@pytest.mark.slow
@pytest.mark.parametrize("compiler", COMPILERS)
def test_documents_compile(compiler: str, tmp_path: Path) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    made = document(*(page.blocks for page in everything().pages), compilable())
    (tmp_path / "a.tex").write_text(render(made, RenderOptions(keep_paratext=True)), "utf-8")
    command = [compiler, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "a.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=240)
    assert done.returncode == 0, done.stdout[-2000:].decode(errors="replace")
    assert (tmp_path / "a.pdf").stat().st_size > 10_000


@pytest.mark.parametrize(
    "latex", ["\\sqrt" * 2000 + "x", "^{" * 3000 + "x" + "}" * 3000, "{" * 3000, "\\left(" * 3000]
)
@pytest.mark.parametrize(
    "form", [name for name, form in FORMATS.items() if not form.needs_words and not form.is_binary]
)
def test_a_formula_without_end_fails_nothing_else(latex: str, form: str) -> None:
    blocks = block("equation", 0.1, latex, format="latex"), block("text", 0.2, "the rest")
    inline = block("text", 0.3, f"a \\({latex}\\) b")
    assert "the rest" in document((*blocks, inline)).render(form)
