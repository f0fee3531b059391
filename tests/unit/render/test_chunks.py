"""Chunks: under one heading, short enough, with all that was read and its places."""

import json
import re

import pytest
from documents import TABLE, block, document, everything

from mdocr.document.model import Box
from mdocr.errors import UsageError
from mdocr.options import RenderOptions
from mdocr.render.chunks import count_tokens

LONG = "One sentence of seven words is here. " * 40


def test_chunks_stand_under_their_headings() -> None:
    made = document(
        (
            block("title", 0.05, "A Study", level=1, box=Box(0.1, 0.05, 0.9, 0.1)),
            block("text", 0.15, "It begins."),
            block("title", 0.2, "1 Method", box=Box(0.1, 0.2, 0.4, 0.22)),
            block("title", 0.25, "1.1 Part", box=Box(0.1, 0.25, 0.4, 0.27)),
            block("text", 0.3, "We did it."),
            block("title", 0.4, "2 Result", box=Box(0.1, 0.4, 0.4, 0.42)),
            block("text", 0.5, "It went well."),
        )
    ).chunks()
    assert [(one["headings"], one["text"]) for one in made] == [
        (["A Study"], "It begins."),
        (["A Study", "1 Method", "1.1 Part"], "We did it."),
        (["A Study", "2 Result"], "It went well."),
    ]
    assert made[0]["boxes"] == [{"page": 1, "bbox": [0.1, 0.15, 0.9, 0.19]}]


def test_a_title_with_nothing_below_it_is_not_lost() -> None:
    box = Box(0.1, 0.2, 0.4, 0.22)
    made = document(
        (
            block("title", 0.2, "1 Empty", box=box),
            block("title", 0.3, "2 Last", box=Box(0.1, 0.3, 0.4, 0.32)),
        )
    ).chunks()
    assert [one["headings"] for one in made] == [["1 Empty"], ["2 Last"]]
    assert made[0]["text"].endswith("1 Empty") and made[0]["boxes"][0]["bbox"] == box.as_list()


@pytest.mark.parametrize("most", [5, 20, 100])
def test_no_chunk_is_too_long_and_no_word_is_lost(most: int) -> None:
    made = document((block("text", 0.1, LONG), block("text", 0.5, "x" * 90))).chunks(most)
    assert all(one["tokens"] == count_tokens(one["text"]) <= most for one in made)
    joined = "".join("".join(one["text"].split()) for one in made)
    assert joined == "".join(LONG.split()) + "x" * 90


def test_a_table_stays_whole_with_its_caption() -> None:
    rows = TABLE * 20
    caption = block("table_caption", 0.45, "Table 1: numbers")
    made = document((block("text", 0.1, LONG), caption, block("table", 0.5, rows, format="otsl")))
    (found,) = [one for one in made.chunks(40) if "Table 1" in one["text"]]
    assert found["text"].count("Name") == 20 and found["tokens"] > 40
    assert len(found["boxes"]) == 2


def test_a_paragraph_over_two_pages_has_both_places() -> None:
    found = [one for one in everything().chunks() if "middle by the end" in one["text"]]
    assert len(found) == 1 and found[0]["pages"] == [1, 2]
    assert {"page": 2, "bbox": [0.1, 0.1, 0.9, 0.14]} in found[0]["boxes"]


def test_one_chunk_a_line_with_its_source() -> None:
    lines = everything().render("chunks").splitlines()
    records = [json.loads(line) for line in lines]
    assert {record["source"] for record in records} == {"report.pdf"}
    text = " ".join(record["text"] for record in records)
    assert re.search(r"Figure 1: a picture", text) and "Running head" not in text


def test_the_limit_is_checked() -> None:
    with pytest.raises(UsageError, match="chunk tokens"):
        RenderOptions(chunk_tokens=0)
