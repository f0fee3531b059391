import random

import pytest
from documents import TABLE, block, document, everything
from markdown_it import MarkdownIt

from mdocr.document.document import Document
from mdocr.options import RenderOptions
from mdocr.render.markdown import escape, fenced, formula, render, running

OPTIONS = RenderOptions()
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def shown(markdown: str) -> str:
    """What a reader of the Markdown sees, and ``<tag>`` for anything that is markup."""
    out = []
    for token in READER.parse(markdown):
        if token.type == "inline":
            for child in token.children or []:
                out.append(
                    child.content
                    if child.type in ("text", "text_special")
                    else {"hardbreak": "\n", "softbreak": " "}.get(child.type, f"<{child.type}>")
                )
        elif token.type not in ("paragraph_open", "paragraph_close"):
            out.append(f"<{token.type}>")
    return "".join(out)


def markdown(content: str, kind: str = "text", **values: object) -> str:
    return render(document((block(kind, 0.1, content, **values),)), OPTIONS)


@pytest.mark.parametrize(
    "text",
    [
        "# a",
        "> a",
        "- a",
        "+ a",
        "1. a",
        "12) a",
        "---",
        "===",
        "* * *",
        "a_b_c _d_",
        "**a**",
        "`a`",
        "[a](b)",
        "![a](b)",
        "<b>a</b>",
        "&amp; &",
        "a\\*b",
        "~~~",
        "~~a~~",
        "| a |",
        "\\(a",
        "\\",
        "<!-- a -->",
        "<http://a.b>",
        "- - -",
        "a\\",
        ":--",
        "#",
    ],
)
def test_read_text_is_no_markup(text: str) -> None:
    assert shown(escape(text, dollars=False)) == text


def test_random_text_is_no_markup() -> None:
    choices = random.Random(7)
    alphabet = "\\`*_{}[]()#+-.!|~<>&;:=\"' ab1\n"
    for _ in range(3000):
        text = "".join(choices.choice(alphabet) for _ in range(choices.randint(1, 25)))
        lines = [" ".join(line.split(" ")).strip() for line in text.split("\n")]
        expected = "\n".join(line for line in lines if line)
        if "\\(" in text or "\\[" in text or "" in lines:
            continue
        assert shown(running(text, OPTIONS)) == expected, text


def test_dollars_are_escaped_where_they_would_begin_a_formula() -> None:
    assert escape("$5") == "\\$5"
    assert escape("$5", dollars=False) == "$5"


@pytest.mark.parametrize(
    ("math", "display", "written"),
    [
        ("dollars", False, "$x$"),
        ("dollars", True, "$$\nx\n$$"),
        ("brackets", False, "\\(x\\)"),
        ("brackets", True, "\\[\nx\n\\]"),
    ],
)
def test_formulas_stand_between_delimiters(math: str, display: bool, written: str) -> None:
    assert formula("\\( x \\)", RenderOptions(math=math), display=display) == written


def test_a_formula_is_no_html_and_reaches_nothing() -> None:
    assert formula("a<b", OPTIONS) == "$a< b$"
    assert formula("<script>x", OPTIONS) == "$< script>x$"
    assert formula("\\href{javascript:x}{a}", OPTIONS) == "`\\href{javascript:x}{a}`"
    assert "\n\n" not in formula("a\n\n# b", OPTIONS)


def test_fences_are_longer_than_any_inside() -> None:
    written = fenced("a\n````\nb")
    assert written == "`````\na\n````\nb\n`````"
    assert [token.type for token in READER.parse(written)] == ["fence"]


def test_titles_have_levels() -> None:
    assert markdown("Sharp C#", "title", level=3) == "### Sharp C\\#\n"
    assert markdown("two\nlines", "title", level=2) == "## two lines\n"


def test_lists_go_on_over_pages() -> None:
    pages = (block("list_item", 0.9, "1. one"),), (block("list_item", 0.1, "2. two"),)
    assert render(document(*pages)) == "1. one\n2. two\n"
    bullets = block("list_item", 0.1, "• a"), block("list_item", 0.2, "(b) c")
    assert render(document(bullets)) == "- a\n- (b) c\n"


def test_tables_are_pipe_tables_or_html() -> None:
    made = document((block("table", 0.1, TABLE, format="otsl"),))
    written = render(made)
    assert written.splitlines()[1] == "| --- | --- |"
    assert READER.render(written).count("<td>") == 2
    assert render(made, RenderOptions(tables="html")) == (
        "<table><tr><td>Name</td><td>Value $x^2$</td></tr>"
        "<tr><td>a|b</td><td>$5 &amp; &lt;b&gt;6&lt;/b&gt;</td></tr></table>\n"
    )
    spanned = document((block("table", 0.1, "<fcel>a<lcel><nl>", format="otsl"),))
    assert 'colspan="2"' in render(spanned)


def test_head_rows_of_html_tables() -> None:
    content = (
        "<fcel>Item<fcel>Price<lcel><nl><ucel><fcel>net<fcel>gross<nl><fcel>x<fcel>1<fcel>2<nl>"
    )
    written = markdown(content, "table", format="otsl")
    assert written.startswith(
        '<table><thead><tr><th rowspan="2">Item</th><th colspan="2">Price</th></tr>'
        "<tr><th>net</th><th>gross</th></tr></thead><tbody><tr><td>x</td>"
    )


def test_scripts_keep_their_place() -> None:
    assert markdown("10<sup>30</sup> m<sub>e</sub>") == "10<sup>30</sup> m<sub>e</sub>\n"
    cell = "<fcel>10<sup>30</sup><fcel>b<nl>"
    assert "| 10<sup>30</sup> | b |" in markdown(cell, "table", format="otsl")
    assert (
        shown(markdown("<sup><b>x</b></sup> <sub></sub>")).strip()
        == "<sup><b>x</b></sup> <sub></sub>"
    )


def test_numbers_of_headings_need_no_backslash() -> None:
    assert markdown("2. Methods", "title", level=2) == "## 2. Methods\n"
    assert markdown("- # 3.", "title", level=1) == "# - # 3.\n"


def test_boxes_are_task_lists() -> None:
    items = (
        block("list_item", 0.1, "☑ yes"),
        block("text", 0.2, "[ ] no"),
        block("text", 0.3, "☐ m"),
    )
    assert render(document(items)) == "- [x] yes\n- [ ] no\n- [ ] m\n"


def test_boxes_in_cells() -> None:
    cells = "<fcel>Insured<fcel>☑<nl><fcel>Dog<fcel>☐ no<nl>"
    assert markdown(cells, "table", format="otsl").splitlines()[2] == "| Dog | [ ] no |"
    html = render(
        document((block("table", 0.1, cells, format="otsl"),)), RenderOptions(tables="html")
    )
    assert "<td>[x]</td>" in html and "<td>[ ] no</td>" in html


def test_marks_of_pages() -> None:
    pages = (block("text", 0.1, "One."),), (block("text", 0.1, "Two."),)
    marked = RenderOptions(page_marks=True)
    assert (
        render(document(*pages), marked) == "<!-- page 1 -->\n\nOne.\n\n<!-- page 2 -->\n\nTwo.\n"
    )


@pytest.mark.parametrize(
    "latex", ["[a](http://b.c)", "![a](b)", "[a]: http://b.c", "[a][b]", "<http://b.c>"]
)
def test_an_equation_is_no_link(latex: str) -> None:
    assert "<link_open>" not in shown(formula(latex, OPTIONS))
    assert "<image>" not in shown(formula(latex, OPTIONS, display=True))


def test_pictures_are_linked_from_their_folder() -> None:
    made = document((block("image", 0.1, image="page 1.png"),))
    assert render(made, RenderOptions(images="a b_images")) == "![](a%20b_images/page%201.png)\n"


def test_a_document_with_everything() -> None:
    written = render(everything(), OPTIONS)
    assert written.startswith("# A \\*Study\\* of $x_1$\n\n## 1 Introduction\n")
    assert "Running head" not in written
    assert "1. one\n2. two and more\n3. three" in written
    assert "cut in the middle by the end of the page." in written
    assert "\\frac{a}{b} = \\left( c\\right." in written
    assert "Running head" in render(everything(), RenderOptions(keep_paratext=True))


def test_nothing_read_is_nothing_written() -> None:
    assert render(Document(everything().source, "lite")) == ""
