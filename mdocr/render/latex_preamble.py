r"""The head of a LaTeX document: packages, and fonts for the characters that it holds.

XeLaTeX and LuaLaTeX read every character, and take the first font of a list that is installed.
pdfLaTeX knows European letters; any other character shows there as its code point.
"""

from mdocr.document.characters import WIDE

_HEAD = r"""\documentclass{article}
\usepackage{iftex}
\ifPDFTeX
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
  \usepackage{textcomp}
\else
  \usepackage{fontspec}
\fi
\usepackage[margin=2.5cm]{geometry}
\usepackage{amsmath,amssymb}
\usepackage{array,longtable,graphicx}
\IfFileExists{multirow.sty}{\usepackage{multirow}}{\newcommand{\multirow}[3]{#3}}
\setcounter{MaxMatrixCols}{100}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6em}
\emergencystretch=3em
\frenchspacing"""

_FONTS = ("Noto Serif", "DejaVu Serif", "FreeSerif", "CMU Serif", "Times New Roman")
_WIDE_FONTS = ("Noto Serif CJK SC", "Noto Sans CJK SC", "SimSun", "Songti SC", "AR PL UMing CN")
_LATIN_END = "\u0250"
_PUNCTUATION = range(0x2000, 0x2070)


def preamble(body: str) -> str:
    r"""Everything before ``\begin{document}``, for the characters of ``body``."""
    characters = sorted({character for character in body if not character.isascii()})
    return "\n".join(filter(None, [_HEAD, _guards(characters), _fonts(characters)]))


def _guards(characters: list[str]) -> str:
    """For pdfLaTeX: a definition of every character that it does not know."""
    if not characters:
        return ""
    guards = (
        f"  \\ifcsname u8:\\detokenize{{{c}}}\\endcsname\\else"
        f"\\DeclareUnicodeCharacter{{{ord(c):04X}}}{{\\ensuremath{{\\langle}}"
        f"\\texttt{{U+{ord(c):04X}}}\\ensuremath{{\\rangle}}}}\\fi"
        for c in characters
    )
    return "\n".join(["\\ifPDFTeX", *guards, "\\fi"])


def _fonts(characters: list[str]) -> str:
    """For XeLaTeX and LuaLaTeX: fonts that have the characters."""
    lines = []
    if any(c >= _LATIN_END and ord(c) not in _PUNCTUATION for c in characters):
        lines.append(_first_font("\\setmainfont", _FONTS))
    if any(WIDE.match(c) for c in characters):
        with_package = "\\usepackage{xeCJK}" + _first_font("\\setCJKmainfont", _WIDE_FONTS)
        without = _first_font("\\setmainfont", _WIDE_FONTS)
        choice = f"\\IfFileExists{{xeCJK.sty}}{{{with_package}}}{{{without}}}"
        lines.append(f"\\ifXeTeX{choice}\\else{without}\\fi")
    return "\n".join(["\\ifPDFTeX\\else", *lines, "\\fi"]) if lines else ""


def _first_font(command: str, fonts: tuple[str, ...]) -> str:
    choice = ""
    for font in reversed(fonts):
        choice = f"\\IfFontExistsTF{{{font}}}{{{command}{{{font}}}}}{{{choice}}}"
    return choice
