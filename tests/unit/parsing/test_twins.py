"""Letters that print alike are those of the language, or of the time, of their page."""

from dataclasses import replace

import pytest
from documents import block

from mdocr.document.model import Box, PageLine, PageWord
from mdocr.parsing.line_reader.twins import settle_twins

OLD = "ſo ſchädlich iſt es, Vorurtheile zu pflanzen, weil ſie"


@pytest.mark.parametrize(
    ("texts", "settled"),
    [
        (["Passengers see less, ſewer", "pass the ſormer one"], ["less, fewer", "the former"]),
        (["The ſirst storey was dropped"], ["The first storey"]),
        ([OLD, "Reform der Denkungsart"], [OLD, "Denkungsart"]),
        (["ſ"], ["ſ"]),
        (["Işık, șişe ve çocuk"], ["Işık, şişe"]),
        (
            ["Și într-o zi țara aşteaptă"],
            [
                "Și",
            ],
        ),
        (["Şapte mulți", "fără știință"], ["Șapte", "știință"]),
        (["şi și"], ["şi și"]),
        (["Ðakovo je grad", "Đurđevac"], ["Đakovo", "Đurđevac"]),
        (["ÞAÐ ER LOKAĐ"], ["LOKAÐ"]),
    ],
)
def test_what_most_of_a_page_has_decides(texts, settled):
    found = settle_twins([block("text", 0.1, text) for text in texts])
    assert all(part in one.content for part, one in zip(settled, found, strict=True))


def test_lines_and_words_follow_and_text_layers_stay():
    box = Box(0.1, 0.1, 0.2, 0.2)
    line = PageLine("ſive misses", box, words=(PageWord("ſive", box), PageWord("misses", box)))
    read = replace(block("text", 0.1, "ſive misses"), lines=(line,))
    known = replace(block("text", 0.3, "Miſtriſs, of old"), source="text-layer")
    made, kept = settle_twins([read, known])
    assert made.content == made.lines[0].text == "five misses"
    assert [word.text for word in made.lines[0].words] == ["five", "misses"]
    assert kept == known
