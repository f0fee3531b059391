"""Tables written as HTML, Markdown, plain text and LaTeX.

A cell's text is written by a function that the caller passes, which escapes it for the format.
"""

from collections.abc import Callable, Sequence

from mdocr.document.tables import Cell, Table

WriteText = Callable[[str], str]

_NARROW = 80  # characters that a line of a LaTeX table holds without breaking cells


def to_html(table: Table, write: WriteText, head: int = 0) -> str:
    """The table as one line of HTML.

    Args:
        table: any.
        write: escapes a cell's text.
        head: rows at the top that are its head.
    """
    rows = [
        "".join(_html_cell(cell, write, "th" if number < head else "td") for cell in row)
        for number, row in enumerate(table.rows())
    ]
    lines = [f"<tr>{row}</tr>" for row in rows]
    if not head:
        return f"<table>{''.join(lines)}</table>"
    top, body = "".join(lines[:head]), "".join(lines[head:])
    return f"<table><thead>{top}</thead><tbody>{body}</tbody></table>"


def _html_cell(cell: Cell, write: WriteText, tag: str) -> str:
    rows = f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
    columns = f' colspan="{cell.columns}"' if cell.columns > 1 else ""
    return f"<{tag}{rows}{columns}>{write(cell.text)}</{tag}>"


def to_markdown(table: Table, write: WriteText) -> str:
    """The table as a pipe table, its first row as the head; spans are lost.

    Args:
        table: at least one cell.
        write: must leave neither line breaks nor bare ``|``.
    """
    lines = ["| " + " | ".join(write(cell.text) for cell in row) + " |" for row in table.rows()]
    lines.insert(1, "|" + " --- |" * table.width)
    return "\n".join(lines)


def to_text(table: Table, write: WriteText) -> str:
    """The table as lines of cells between tabs, each text where its cell begins.

    Args:
        table: any.
        write: must leave neither line breaks nor tabs.
    """
    return "\n".join(
        "\t".join(
            write(cell.text) if (cell.row, cell.column) == (row, column) else ""
            for column, cell in enumerate(line)
        )
        for row, line in enumerate(table.grid())
    )


def to_latex(table: Table, write: WriteText) -> str:
    """The table as a ``longtable`` (packages longtable and multirow)."""
    width = _column_width(table)
    lines = [_latex_row(cells, row, width, write) for row, cells in enumerate(table.grid())]
    columns = f"*{{{table.width}}}{{{_latex_column(1, width)}}}"
    body = "\n".join(f"{line} \\\\" for line in lines)
    return f"\\begin{{longtable}}{{{columns}}}\n\\hline\n{body}\n\\hline\n\\end{{longtable}}"


def _column_width(table: Table) -> float:
    """Share of the line that a column takes; 0 where columns are as wide as their texts."""
    longest = [0] * table.width
    for cell in table.cells:
        longest[cell.column] = max(longest[cell.column], len(cell.text) // cell.columns)
    return 0.0 if sum(longest) + 2 * table.width <= _NARROW else 1 / table.width


def _latex_column(columns: int, width: float) -> str:
    if not width:
        return "l"
    return f"p{{\\dimexpr {columns * width:.4f}\\linewidth-2\\tabcolsep\\relax}}"


def _latex_row(cells: Sequence[Cell], row: int, width: float, write: WriteText) -> str:
    """One row of the grid; a cell from a row above leaves its position empty."""
    parts = []
    for column, cell in enumerate(cells):
        if column == cell.column:
            parts.append(_latex_cell(cell, width, write(cell.text) if row == cell.row else ""))
    return " & ".join(parts)


def _latex_cell(cell: Cell, width: float, text: str) -> str:
    if cell.rows > 1 and text:
        text = f"\\multirow{{{cell.rows}}}{{{'=' if width else '*'}}}{{{text}}}"
    if cell.columns > 1:
        text = f"\\multicolumn{{{cell.columns}}}{{{_latex_column(cell.columns, width)}}}{{{text}}}"
    return text or "~"
