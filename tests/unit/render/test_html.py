from html.parser import HTMLParser

import pytest
from documents import block, document, everything

from mdocr.options import RenderOptions
from mdocr.render.html import render

VOID = ("meta", "img", "br", "wbr", "doctype", "hr", "input")


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader


def test_a_document_with_everything_is_well_formed() -> None:
    reader = read(render(everything(), RenderOptions(images="report_images")))
    assert {"h1", "h2", "ol", "figure", "figcaption", "table", "pre", "img"} <= set(reader.tags)
    assert ("src", "report_images/page-1-8.png") in reader.attributes
    assert "It costs $5, 10% & <b>more</b>; see a<ba<b and" in reader.text  # shown, and as LaTeX
    assert {"math", "mfrac", "annotation"} <= set(reader.tags)
    assert "script" not in reader.tags


@pytest.mark.parametrize(
    "kind", ["text", "title", "list_item", "code", "equation", "table", "chart"]
)
@pytest.mark.parametrize(
    "attack",
    ["<script>alert(1)</script>", "</p><img src=x onerror=alert(1)>", "--></style><script>"],
)
def test_read_text_is_no_tag(kind: str, attack: str) -> None:
    reader = read(render(document((block(kind, 0.1, attack),), name=f"{attack}.pdf")))
    assert "script" not in reader.tags
    assert not any(name.startswith("on") for name, _ in reader.attributes)
    assert attack in reader.text


def test_tables_read_as_html_are_written_anew() -> None:
    content = '<table onclick="x()"><tr><td>a<img src=x onerror=y></td></tr></table>'
    reader = read(render(document((block("table", 0.1, content, format="html"),))))
    assert "img" not in reader.tags and ("onclick", "x()") not in reader.attributes


def test_read_brackets_are_no_formula() -> None:
    page = render(document((block("text", 0.1, "a \\(b and $$c"),)))
    assert "\\(b" not in page and "$$c" not in page
    assert "a \\(b and $$c" in read(page).text


def test_formulas_that_reach_outside_are_code() -> None:
    page = render(document((block("equation", 0.1, "\\href{javascript:x}{a}", format="latex"),)))
    assert "<code>\\href{javascript:x}{a}</code>" in page


def test_numbered_lists_start_where_they_did() -> None:
    items = (block("list_item", 0.1, "3. three"), block("list_item", 0.2, "4. four"))
    assert '<ol start="3">\n<li>three</li>\n<li>four</li>\n</ol>' in render(document(items))


def formula(latex: str) -> str:
    return render(document((block("equation", 0.1, latex, format="latex"),)))


def test_formulas_are_mathml_with_their_latex() -> None:
    page = formula("\\frac{a}{b} < \\begin{aligned} c &= d \\\\ e &= f \\end{aligned}")
    reader = read(page)
    assert {"mfrac", "mtable", "mtd"} <= set(reader.tags)
    assert "<mo>&lt;</mo>" in page and "\\begin{aligned} c &amp;= d" in page


@pytest.mark.parametrize(
    "latex",
    ["\\notacommand{x}", "\\sqrt" * 2000 + "x", "{" * 3000 + "x" + "}" * 3000],
)
def test_what_mathml_cannot_be_had_of_stays_latex(latex: str) -> None:
    reader = read(formula(latex))
    assert "math" not in reader.tags and latex.strip("{}")[:6] in reader.text


@pytest.mark.parametrize(
    "latex",
    [
        "\\text{<script>alert(1)</script>}",
        '\\text{" onclick="x()}',
        "\\mathrm{<img src=x onerror=y>}",
        '\\hspace{1em" onclick="x()}',
        '\\color{red" onclick="x}{a}',
        "&lt;script&gt;",
    ],
)
def test_a_formula_is_no_tag(latex: str) -> None:
    reader = read(formula(latex))
    assert not {"script", "img"} & set(reader.tags)
    assert not any(name.startswith("on") for name, _ in reader.attributes)


def test_head_rows_scripts_boxes_and_pages() -> None:
    table = block("table", 0.1, "<fcel>a<fcel>b<nl><fcel>x<fcel>4<nl>", format="otsl")
    items = block("list_item", 0.2, "☑ yes"), block("list_item", 0.3, "☐ no")
    made = document((table, *items), (block("text", 0.1, "10<sup>30</sup> <b>"),))
    page = render(made, RenderOptions(page_marks=True))
    assert "<thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>x</td>" in page
    assert '<input type="checkbox" disabled checked> yes' in page
    assert '<input type="checkbox" disabled> no' in page
    assert "10<sup>30</sup> &lt;b&gt;" in page
    assert page.count('<hr class="page"') == 2
