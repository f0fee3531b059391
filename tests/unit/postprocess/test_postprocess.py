from dataclasses import replace

import pytest
from documents import block, document, everything

from mdocr.document.latex.repair import repair
from mdocr.document.model import Block, Box, Page
from mdocr.document.tables import parse
from mdocr.document.words import Character
from mdocr.postprocess import finish
from mdocr.postprocess.amounts import close_amounts
from mdocr.postprocess.captions import figures, place_captions
from mdocr.postprocess.duplicates import drop_duplicates
from mdocr.postprocess.formulas import repair_formulas
from mdocr.postprocess.hyphens import join
from mdocr.postprocess.lists import split_lists, split_marker
from mdocr.postprocess.paragraphs import join_paragraphs
from mdocr.postprocess.paratext import set_paratext_aside
from mdocr.postprocess.tables import join_tables
from mdocr.postprocess.titles import drop_false_titles, letter_size, level_titles

LEFT, RIGHT = Box(0.1, 0.5, 0.45, 0.9), Box(0.55, 0.1, 0.9, 0.5)


def pages(*contents: tuple[Block, ...]) -> tuple[Page, ...]:
    return document(*contents).pages


def texts(page: Page) -> list[str]:
    return [block.content for block in page.blocks]


def test_finishing_twice_is_finishing_once() -> None:
    once = finish(everything())
    assert finish(once) == once
    joined = finish(everything(), join=True)
    assert finish(joined, join=True) == joined


def test_order_counts_from_one() -> None:
    for page in finish(everything()).pages:
        assert [block.order for block in page.blocks] == list(range(1, len(page.blocks) + 1))


def test_paratext_is_set_aside_unless_kept() -> None:
    made = finish(everything())
    kinds = {block.type for page in made.pages for block in page.blocks}
    assert kinds.isdisjoint({"header", "page_number", "page_footnote"})
    aside = [(one.reason, one.text) for page in made.pages for one in page.unread]
    assert aside == [
        ("paratext", "Running head"),
        ("paratext", "1"),
        ("paratext", "Running  head"),
        ("paratext", "A footnote"),
    ]
    kept = finish(everything(), keep_paratext=True)
    kinds = {block.type for page in kept.pages for block in page.blocks}
    assert {"header", "page_number", "page_footnote", "unknown"} <= kinds
    assert not any(page.unread for page in kept.pages)


def kept(*contents: tuple[Block, ...]) -> list[str]:
    return [text for page in set_paratext_aside(pages(*contents)) for text in texts(page)]


def test_nothing_is_dropped_from_a_single_page_for_its_place() -> None:
    invoice = (
        block("header", 0.0, "Invoice 2024-0118"),
        block("page_number", 0.02, "4711"),
        block("text", 0.5, "Thank you."),
        block("footer", 0.95, "Total 1,250.00 EUR"),
    )
    assert kept(invoice) == [one.content for one in invoice]
    assert kept((*invoice, block("page_number", 0.98, "- 12 -")))[-1] == "Total 1,250.00 EUR"


def test_a_note_in_the_margin_stays_unless_it_repeats() -> None:
    first = (block("text", 0.1, "a"), block("aside_text", 0.3, "arXiv:2603.22458v2"))
    second = (block("text", 0.1, "b"), block("aside_text", 0.3, "Received 14 March"))
    assert kept(first) == ["a", "arXiv:2603.22458v2"]
    assert kept(first, second) == ["a", "arXiv:2603.22458v2", "b", "Received 14 March"]
    assert kept(first, first, second) == ["a", "a", "b", "Received 14 March"]


@pytest.mark.parametrize("text", ["7", "– 12 –", "Page 3 of 12", "xiv", "3/12", "Seite 4", "p. 5"])
def test_page_numbers_are_dropped(text: str) -> None:
    assert kept((block("footer", 0.95, text), block("text", 0.1, "a"))) == ["a"]


def test_heads_that_repeat_are_dropped_also_on_left_and_right_pages() -> None:
    heads = ("12 A Study", "Chapter 1", "A Stvdy 14", "Chapter l", "Something else")
    made = kept(*((block("header", 0.0, head), block("text", 0.1, "a")) for head in heads))
    assert made == ["a", "a", "a", "a", "Something else", "a"]


def test_what_differs_by_its_number_does_not_repeat() -> None:
    made = kept(
        *(
            (
                block("header", 0.0, f"Invoice No. {1001 + page}"),
                block("header", 0.03, f"A Study, page {page}, printed in 2024"),
                block("header", 0.06, f"{13 + page} March 2024"),
                block("text", 0.1, "a"),
                block("footer", 0.9, f"{900 + 45 * page}.50"),
                block("page_number", 0.95, str(1250 - 100 * page)),
            )
            for page in range(3)
        )
    )
    assert made == [
        text
        for page in range(3)
        for text in (
            f"Invoice No. {1001 + page}",
            f"{13 + page} March 2024",
            "a",
            f"{900 + 45 * page}.50",
            str(1250 - 100 * page),
        )
    ]


def test_long_numbers_that_count_pages_are_dropped() -> None:
    pages = ((block("page_number", 0.95, str(1024 + n)), block("text", 0.1, "a")) for n in range(3))
    assert kept(*pages) == ["a", "a", "a"]


def test_the_more_confident_of_two_readings_stays() -> None:
    worse = block("text", 0.1, "helo", confidence=0.5)
    better = block("text", 0.101, "hello", confidence=0.9)
    apart = block("text", 0.5, "hello")
    assert drop_duplicates([worse, better, apart]) == [better, apart]
    assert drop_duplicates([apart, apart]) == [apart]


def test_a_text_inside_another_that_says_it_is_dropped() -> None:
    whole = block("text", 0.1, "a line and another", box=Box(0.1, 0.1, 0.9, 0.3))
    part = block("text", 0.15, "another")
    other = block("text", 0.2, "a stamp")
    assert drop_duplicates([whole, part, other]) == [whole, other]


def test_a_frame_around_a_picture_is_dropped() -> None:
    frame = block("image_block", 0.1, box=Box(0.1, 0.1, 0.9, 0.5))
    picture = block("image", 0.2, image="a.png")
    assert drop_duplicates([frame, picture]) == [picture]
    assert drop_duplicates([frame]) == [frame]


@pytest.mark.parametrize(
    ("latex", "repaired"),
    [
        (r"\[ \frac{a}{b \]", r"\frac{a}{b}"),
        (r"$$ a } b $$", r"a  b"),
        (r"x^a^b", r"x^a{}^b"),
        (r"a_{i}_{j}", r"a_{i}{}_{j}"),
        (r"x^2'", r"x^2{}'"),
        (r"x_", r"x_{}"),
        (r"\left( a", r"\left( a\right."),
        (r"a \right)", r"a )"),
        (r"\frac{\left( a}{b}", r"\frac{\left( a\right.}{b}"),
        (r"\begin{array}{ll} a & b \\ c", r"\begin{array}{ll} a & b \\ c\end{array}"),
        (r"\begin{matrix} a \end{pmatrix}", r"\begin{matrix} a \end{matrix}"),
        (r"a \end{matrix}", "a"),
        (r"\frac{a}{b} \) \text{if \(x\)}", r"\frac{a}{b}  \text{if x}"),
        (r"a &= b \\ c \tag{1}", r"\begin{aligned}a &= b \\ c \end{aligned}\tag{1}"),
        (r"\begin{align*}a&=b\end{align*}", r"\begin{aligned}a&=b\end{aligned}"),
        (r"\begin{equation}a\end{equation}", "a"),
    ],
)
def test_formulas_are_mended(latex: str, repaired: str) -> None:
    assert repair(latex) == repaired
    assert repair(repaired) == repaired


@pytest.mark.parametrize(
    "latex",
    [
        r"\frac{a}{b}",
        r"x'^2 + x''_i",
        r"\left. f \right|_{x=0}^{1}",
        r"\left[ \begin{array}{ll}1 & 0\\ m & 1 \end{array} \right]^{-1}",
        r"\sum_{i=1}^n \sqrt[3]{x_i} \leftarrow y",
        r"\left\{ a \middle| b \right\}",
        r"x^\frac{a}{b}_c",
        "",
    ],
)
def test_sound_formulas_stay_as_they_are(latex: str) -> None:
    assert repair(latex) == latex


def test_formulas_inside_texts_are_mended() -> None:
    made = repair_formulas([block("text", 0.1, r"see \(\frac{a}{b\) and \(x\)")])
    assert made[0].content == r"see \(\frac{a}{b}\) and \(x\)"


def test_an_equation_read_as_a_sentence_is_a_text() -> None:
    sentence = block("equation", 0.1, r"\(a^n\), \(b\).", format="latex")
    formula = block("equation", 0.1, r"\(a^n\)")
    made = repair_formulas([sentence, formula])
    assert [(b.format, b.content) for b in made] == [("text", r"\(a^n\), \(b\)."), ("latex", "a^n")]


def test_a_list_read_whole_becomes_items() -> None:
    read = block("list", 0.1, "• one\n• two\ngoes on\n\n• three")
    made = split_lists([read])
    assert [b.content for b in made] == ["• one", "• two\ngoes on", "• three"]
    assert {b.type for b in made} == {"list_item"}
    assert made[0].box.y0 == read.box.y0 and made[-1].box.y1 == pytest.approx(read.box.y1)


def test_every_item_has_its_own_tokens() -> None:
    parts = ("\u2022 one", "\n\u2022 two", "\ngoes on", "\n")
    tokens = tuple(Character(part, 1.0, 0) for part in parts)
    read = block("list", 0.1, "".join(parts), tokens=tokens)
    shares = [[token.text for token in item.tokens] for item in split_lists([read])]
    assert shares == [["\u2022 one", "\n\u2022 two"], ["\ngoes on", "\n"]]
    (alone,) = split_lists([block("list", 0.1, "one")])
    assert alone.tokens == ()


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("[1] A. Bee, B. Cow and\nC. Dee, Title", 1),
        ("A. one\nB. two\nC. three", 3),
        ("C. three\nD. four", 2),
        ("II. two\nIII. three\nV. five", 3),
        ("1. by\nE. Fox\n2. by\nA. Gnu", 2),
    ],
)
def test_initials_are_no_markers(text: str, items: int) -> None:
    assert len(split_lists([block("list", 0.1, text)])) == items


def test_initials_do_not_break_a_running_text() -> None:
    made = finish(document((block("text", 0.1, "as was shown by\nA. Einstein in"),)), join=True)
    assert texts(made.pages[0]) == ["as was shown by A. Einstein in"]


def test_texts_in_a_list_region_become_items() -> None:
    region = block("list", 0.1, box=Box(0.1, 0.1, 0.9, 0.3))
    made = split_lists([region, block("text", 0.12, "a"), block("text", 0.5, "b")])
    assert [b.type for b in made] == ["list_item", "text"]


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("• a", "•"),
        ("12. a", "12."),
        ("(b) a", "(b)"),
        ("iv) a", "iv)"),
        ("- a", "-"),
        ("a b", ""),
        ("3.5 kg", ""),
        ("-5 degrees", ""),
        ("2020. A year", ""),
    ],
)
def test_markers_are_told_from_text(text: str, marker: str) -> None:
    assert split_marker(text)[0] == marker


def test_captions_go_to_the_nearest_body() -> None:
    caption_a = block("image_caption", 0.31, "A")
    caption_b = block("image_caption", 0.61, "B")
    note = block("table_footnote", 0.9, "note")
    first, second = (
        block("image", 0.1, box=Box(0.1, 0.1, 0.9, 0.3), image="a.png"),
        block("image", 0.4, box=Box(0.1, 0.4, 0.9, 0.6), image="b.png"),
    )
    table = block("table", 0.7, "<fcel>x<nl>", box=Box(0.1, 0.7, 0.9, 0.85), format="otsl")
    placed = place_captions([caption_a, caption_b, note, first, second, table])
    assert placed == [first, caption_a, second, caption_b, table, note]
    assert place_captions(placed) == placed
    assert len(figures(placed)) == 3


def test_a_caption_without_a_body_stays() -> None:
    blocks = [block("text", 0.1, "a"), block("table_caption", 0.2, "Table 1"), block("image", 0.3)]
    assert place_captions(blocks) == blocks


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("an exam-", "ple", "an example"),
        ("Jean-", "Paul", "Jean-Paul"),
        ("a well-", "known man", "a well-known man"),
        ("one", "two", "one two"),
        ("中文", "文字", "中文文字"),
        ("1990-", "1991", "1990-1991"),
        ("pages 12\u2013", "15", "pages 12\u201315"),
        ("COVID-", "19", "COVID-19"),
        ("a \u2013", "5 b", "a \u2013 5 b"),
        ("state-of-the-", "art", "state-of-the-art"),
        ("well-inten-", "tioned", "well-intentioned"),
        ("soft\u00ad", "ware", "software"),
    ],
)
def test_lines_are_joined(first: str, second: str, joined: str) -> None:
    assert join(first, second, frozenset({"well-known", "the"})) == joined


def test_meant_line_breaks_stay() -> None:
    read = "one\ntwo  \nthree\n(a) four\n\nfive"
    made = finish(document((block("text", 0.1, read),)), join=True)
    assert texts(made.pages[0]) == ["one two\nthree\n(a) four\n\nfive"]


def test_code_keeps_its_lines() -> None:
    made = finish(document((block("code", 0.1, "a-\nb"),)), join=True)
    assert texts(made.pages[0]) == ["a-\nb"]


def test_a_paragraph_goes_on_in_the_next_column() -> None:
    flow = (
        block("text", 0, "It goes", box=LEFT),
        block("image", 0, image="a.png", box=RIGHT),
        block("text", 0, "on here.", box=RIGHT),
        block("text", 0, "and not here.", box=Box(0.55, 0.6, 0.9, 0.7)),
    )
    assert texts(join_paragraphs(pages(flow))[0]) == ["It goes on here.", "", "and not here."]


def test_a_list_item_goes_on_in_the_next_column() -> None:
    flow = (
        block("list_item", 0, "\u2022 better results on", box=LEFT),
        block("text", 0, "other sets.", box=RIGHT),
    )
    (made,) = join_paragraphs(pages(flow))[0].blocks
    assert (made.type, made.content) == ("list_item", "\u2022 better results on other sets.")
    ended = (block("list_item", 0, "\u2022 better.", box=LEFT), flow[1])
    assert join_paragraphs(pages(ended)) == pages(ended)


@pytest.mark.parametrize(
    ("first", "second", "is_joined"),
    [
        ("cut in the mid-", "dle of a word.", True),
        ("ends with the", "Name of a man.", True),
        ("ends here.", "begins here", False),
        ("ends here", "Begins here", False),
        ("ends here", "1. an item", False),
        ("没有结束", "继续在这里。", True),
        ("没有结束", "第一章", False),
    ],
)
def test_a_paragraph_goes_on_on_the_next_page(first: str, second: str, is_joined: bool) -> None:
    made = join_paragraphs(pages((block("text", 0.9, first),), (block("text", 0.1, second),)))
    assert len(made[1].blocks) == (0 if is_joined else 1)


def test_a_paragraph_does_not_go_on_behind_a_page_that_is_missing() -> None:
    first, second = (block("text", 0.1, text) for text in ("It was in the", "middle of it."))
    (near, far) = (Page(number, 1.0, 1.0, (second,)) for number in (2, 5))
    start = Page(1, 1.0, 1.0, (first,))
    assert texts(join_paragraphs((start, near))[0]) == ["It was in the middle of it."]
    assert texts(join_paragraphs((start, far))[0]) == ["It was in the"]


def test_nothing_goes_on_from_an_empty_list_item() -> None:
    parts = pages((block("list_item", 0.1),), (block("text", 0.1, "middle of it."),))
    assert [texts(page) for page in join_paragraphs(parts)] == [[""], ["middle of it."]]


def test_a_title_ends_a_paragraph() -> None:
    flow = (block("text", 0.8, "It goes"), block("title", 0.9, "New")), (block("text", 0.1, "on"),)
    assert join_paragraphs(pages(*flow)) == pages(*flow)


def test_a_table_goes_on_on_the_next_page() -> None:
    upper = block("table", 0.8, "<fcel>n<fcel>v<nl><fcel>1<fcel>2<nl>", format="otsl")
    again = block("table_caption", 0.05, "Table 1 (continued)")
    lower = block("table", 0.1, "<fcel>n<fcel>v<nl><fcel>3<fcel>4<nl>", format="otsl")
    made = join_tables(pages((upper,), (again, lower, block("text", 0.2, "after"))))
    table = parse(made[0].blocks[0].content, "otsl")
    assert [cell.text for cell in table.cells] == ["n", "v", "1", "2", "3", "4"]
    assert texts(made[1]) == ["after"]


def test_a_table_over_three_pages_is_one() -> None:
    parts = [(block("table", 0.1, f"<fcel>{n}<fcel>x<nl>", format="otsl"),) for n in range(3)]
    made = join_tables(pages(*parts))
    assert [cell.text for cell in parse(made[0].blocks[0].content, "otsl").cells][::2] == list(
        "012"
    )
    assert not made[1].blocks and not made[2].blocks


def test_tables_with_captions_of_their_own_stay_apart() -> None:
    upper = (block("table_caption", 0.7, "Table 1"), block("table", 0.8, "<fcel>a<nl>"))
    lower = (block("table", 0.1, "<fcel>b<nl>"), block("table_caption", 0.2, "Table 2"))
    parts = pages(*(tuple(replace(b, format="otsl") for b in page) for page in (upper, lower)))
    assert join_tables(parts) == parts
    shared = (replace(parts[0], blocks=parts[0].blocks[1:]), parts[1])
    assert texts(join_tables(shared)[1]) == ["Table 2"]


def test_the_caption_of_the_table_below_keeps_none_apart() -> None:
    upper = (block("table_caption", 0.7, "Table 1"), block("table", 0.8, "<fcel>a<nl>"))
    rest, caption = block("table", 0.1, "<fcel>b<nl>"), block("table_caption", 0.4, "Table 2")
    lower = (rest, caption, block("table", 0.5, "<fcel>c<nl>"))
    parts = pages(*(tuple(replace(b, format="otsl") for b in page) for page in (upper, lower)))
    assert texts(join_tables(parts)[1]) == ["Table 2", "<fcel>c<nl>"]


@pytest.mark.parametrize(
    "lower",
    [
        block("table", 0.1, "<fcel>a<fcel>b<fcel>c<nl>", format="otsl"),
        block("table", 0.1, "<fcel>a<fcel>b<nl>", format="otsl", box=Box(0.4, 0.1, 0.9, 0.2)),
        block("text", 0.1, "no table"),
    ],
)
def test_other_tables_stay_apart(lower: Block) -> None:
    upper = block("table", 0.8, "<fcel>a<fcel>b<nl>", format="otsl")
    assert join_tables(pages((upper,), (lower,))) == pages((upper,), (lower,))


def title(y: float, text: str, height: float) -> Block:
    return block("title", y, text, box=Box(0.1, y, 0.1 + 0.7 * height * len(text), y + height))


def test_numbers_give_titles_their_levels() -> None:
    made = level_titles(
        pages(
            (
                title(0.05, "The whole story", 0.03),
                title(0.1, "Abstract", 0.02),
                title(0.2, "1 Introduction", 0.02),
                title(0.3, "1.1 History", 0.016),
                title(0.4, "1.1.1 Before", 0.014),
                title(0.5, "Method", 0.02),
                title(0.6, "A detail", 0.014),
            )
        )
    )
    assert [block.level for block in made[0].blocks] == [1, 2, 2, 3, 4, 2, 4]


def test_without_numbers_size_gives_titles_their_levels() -> None:
    blocks = (
        title(0.05, "Story", 0.05),
        title(0.2, "Start", 0.03),
        title(0.3, "Small", 0.02),
        title(0.5, "Endin", 0.03),
    )
    assert [block.level for block in level_titles(pages(blocks))[0].blocks] == [1, 2, 3, 2]


def test_a_numbered_first_title_is_a_section() -> None:
    blocks = (title(0.05, "3 Results", 0.02), title(0.2, "3.1 More", 0.02))
    assert [block.level for block in level_titles(pages(blocks))[0].blocks] == [1, 2]


def test_levels_are_those_of_the_document() -> None:
    first = (
        title(0.1, "Harbours", 0.04),
        title(0.3, "3 Tides", 0.02),
        title(0.6, "3.2 Neap", 0.02),
    )
    second = (title(0.1, "3.4 Spring", 0.02),)
    third = (title(0.1, "5 Piers", 0.02), title(0.5, "Outlook", 0.02))
    made = level_titles(pages(first, second, third))
    assert [[block.level for block in page.blocks] for page in made] == [[1, 2, 3], [3], [2, 2]]


@pytest.mark.parametrize("ascent", [0.0155, 0.0132])
def test_letters_with_ascenders_make_no_title_larger(ascent: float) -> None:
    blocks = (
        title(0.05, "Story", 0.05),
        title(0.2, "Lecture I", 0.0132),
        title(0.4, "The house", ascent),  # as high as capitals, or higher, as in book faces
    )
    assert [block.level for block in level_titles(pages(blocks))[0].blocks] == [1, 2, 2]


def test_the_size_of_letters_is_not_that_of_their_ink() -> None:
    page = Page(1, 100, 100)
    boxes = {"aero": 0.05, "Aero": 0.069, "Apply": 0.095}  # letters of 10 points
    for text, height in boxes.items():
        block = Block("title", Box(0.1, 0.1, 0.1 + 0.05 * len(text), 0.1 + height), text)
        assert letter_size(block, page) == pytest.approx(10)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Figure 3: The pier", "image_caption"),
        ("Table 2. Tides", "table_caption"),
        ("Tabelle 4", "table_caption"),
        ("Listing 1: Sums", "code_caption"),
        ("Fig. 7", "image_caption"),
        ("表 1：数字", "table_caption"),
        ("IBAN DE02 1203 0000 0000 2020 51", "text"),
        ("0049 30 123456", "text"),
        ("Ada Lovelace, Charles Babbage and Luigi F. Menabrea", "text"),
        ("by Ada Lovelace", "text"),
    ],
)
def test_what_cannot_be_a_title_is_none(text: str, kind: str) -> None:
    assert drop_false_titles([block("title", 0.1, text, level=1)])[0].type == kind


def test_further_lines_of_a_caption_are_part_of_it() -> None:
    first = block("title", 0.1, "Figure 1. The pier, which is")
    rest = block("text", 0.145, "long and old.")
    after = block("text", 0.2, "And so on.")
    (caption, other) = drop_false_titles([first, rest, after])
    assert (caption.type, caption.content) == (
        "image_caption",
        "Figure 1. The pier, which is\nlong and old.",
    )
    assert other == after and caption.box.y1 == rest.box.y1


@pytest.mark.parametrize(
    "text",
    ["1984", "2024 Annual Report", "Tables and Figures", "Tides, Winds and Storms", "3.2 Results",
     "By the Sea", "War and Peace", "Figures", "New York"],
)  # fmt: skip
def test_titles_stay_titles(text: str) -> None:
    assert drop_false_titles([block("title", 0.1, text)])[0].type == "title"


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("price-", "determining", "price-determining"),
        ("long-", "term", "long-term"),
        ("self-", "financing", "self-financing"),
        ("Re-", "elected", "Re-elected"),
        ("non-", "smokers", "non-smokers"),
        ("non-", "sense", "nonsense"),
        ("solu-", "tion", "solution"),
        ("as-", "sociation", "association"),
        ("hydro-", "gel", "hydrogel"),
        ("under-", "standing", "understanding"),
        ("mid-", "1990s", "mid-1990s"),
        ("an X-", "ray of it", "an X-ray of it"),
        ("https://example.org/a/b-", "c_2.html", "https://example.org/a/b-c_2.html"),
        ("see tide_tables-", "final.csv", "see tide_tables-final.csv"),
        ("and/or input/out-", "put", "and/or input/output"),
        ("the mark-", "et place", "the market place"),
    ],
)
def test_compounds_keep_their_hyphens(first: str, second: str, joined: str) -> None:
    assert join(first, second, frozenset()) == joined


def test_entries_of_an_index_keep_their_lines() -> None:
    index = "bold type, 23\nborders of cells and frames, 35,\n66, 71\nbullets, 28\u201330"
    prose = (
        "He had seen it before, in 1845,\nand wrote of it in the summer, 12\ndays later, at home."
    )
    made = finish(
        document(
            (block("text", 0.5, index, box=LEFT), block("text", 0.1, "buttons, 5", box=RIGHT))
        ),
        join=True,
    )
    assert texts(made.pages[0]) == [
        "bold type, 23\nborders of cells and frames, 35, 66, 71\nbullets, 28\u201330",
        "buttons, 5",
    ]
    (made,) = finish(document((block("text", 0.5, prose),)), join=True).pages
    assert texts(made) == [prose.replace("\n", " ")]


def test_non_is_joined_as_the_document_has_it_elsewhere() -> None:
    words = frozenset(["and", "the", "nonlinear", "nonsense"])
    assert join("for non-", "smokers", words) == "for nonsmokers"
    assert join("for non-", "smokers", words - {"nonlinear"}) == "for non-smokers"
    assert join("for non-", "smokers", words - {"nonlinear"} | {"nonsmokers"}) == "for nonsmokers"


def test_other_languages_are_healed_as_before() -> None:
    german = frozenset(
        ["der", "die", "haben", "werden", "zwischen", "schule", "arbeit", "kinder", "strasse"]
    )
    assert join("Ein Hand-", "stand war", german) == "Ein Handstand war"
    assert join("Ein open-", "source", german) == "Ein opensource"
    assert join("Die Kommunikati-", "on war", german) == "Die Kommunikation war"
    assert join("Die Klein-", "und Mittelbetriebe", german) == "Die Klein- und Mittelbetriebe"


def test_paragraphs_that_are_cut_within_a_word_are_one() -> None:
    parts = ["read the mid-", "1990s papers, and the follow-", "up report by Smith-", "Jones."]
    blocks = tuple(block("text", 0.1 + 0.1 * n, text) for n, text in enumerate(parts))
    (page,) = join_paragraphs(pages(blocks))
    assert texts(page) == ["read the mid-1990s papers, and the follow-up report by Smith-Jones."]
    apart = (block("text", 0.1, "a list -"), block("text", 0.2, "Next"))
    assert len(join_paragraphs(pages(apart))[0].blocks) == 2


FRENCH = frozenset(
    ["autorité", "ville", "pendant", "navire", "quai", "ouvert", "ciel", "dessus", "habitants",
     "le", "les", "dans", "est"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "joined"),
    [
        ("un arc-en-", "ciel", "un arc-en-ciel"),
        ("c'est-à-", "dire que", "c'est-à-dire que"),
        ("plaira-t-", "il", "plaira-t-il"),
        ("dit-", "on, demain", "dit-on, demain"),
        ("lui-", "même", "lui-même"),
        ("le nouveau ter-", "minal", "le nouveau terminal"),
        ("E-Mail-Ad-", "resse", "E-Mail-Adresse"),
    ],
)
def test_short_words_between_hyphens(first: str, second: str, joined: str) -> None:
    assert join(first, second, FRENCH) == joined


def test_a_letter_that_stands_alone_in_a_line_repeats_it_whatever_its_case() -> None:
    line = block("text", 0.1, "A flow of 12 m<sup>3</sup> s<sup>-1</sup>")
    letter = replace(line, box=Box(0.3, 0.11, 0.31, 0.13), content="S")
    assert drop_duplicates([line, letter]) == [line]


def test_amounts_lose_the_blank_in_them_where_others_of_their_column_have_none() -> None:
    rows = [
        ("Bread", "2, 40"),
        ("Milk 1, 50", "1,15"),
        ("Total", "€ 13, 55"),
        ("Pages", "7, 12, 40"),
    ]
    content = "".join(f"<fcel>{name}<fcel>{price}<nl>" for name, price in rows)
    (closed,) = close_amounts([block("table", 0.1, content, format="otsl")])
    table = parse(closed.content, closed.format)
    assert [cell.text for cell in table.cells if cell.column == 1] == [
        "2,40",
        "1,15",
        "€ 13,55",
        "7, 12, 40",
    ]
    assert table.rows()[1][0].text == "Milk 1, 50"
    alone = block("table", 0.1, "<fcel>Pages<fcel>7, 12<nl>", format="otsl")
    assert close_amounts([alone]) == [alone]
