import json
from pathlib import Path

import jsonschema
from documents import SPANNED, block, document, everything

from mdocr.document.document import Document
from mdocr.options import RenderOptions
from mdocr.postprocess import finish
from mdocr.render import content_list, documents_json

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "docs" / "document.schema.json").read_text(encoding="utf-8")
)


def test_json_follows_the_schema_and_reads_back() -> None:
    record = json.loads(documents_json.render(everything()))
    jsonschema.Draft202012Validator(SCHEMA).validate(record)
    assert Document.from_dict(record).to_dict() == finish(everything()).to_dict()


def test_json_joins_nothing() -> None:
    record = json.loads(documents_json.render(everything(), RenderOptions(keep_paratext=True)))
    contents = [block["content"] for block in record["pages"][1]["blocks"]]
    assert "dle by the end of the page." in contents
    assert "Running head" in [block["content"] for block in record["pages"][0]["blocks"]]


def entries(options: RenderOptions | None = None) -> list[dict[str, object]]:
    made: list[dict[str, object]] = json.loads(content_list.render(everything(), options))
    return made


def test_the_content_list_has_the_kinds_of_mineru() -> None:
    made = entries(RenderOptions(images="report_images"))
    assert {str(entry["type"]) for entry in made} <= {
        "text", "list", "equation", "table", "image", "code", "phonetic"
    }  # fmt: skip
    assert made[0]["text"] == "A *Study* of $x_1$" and made[0]["text_level"] == 1
    equation = next(entry for entry in made if entry["type"] == "equation")
    assert equation["text"] == "$$\n\\frac{a}{b} = \\left( c\\right.\n$$"
    assert equation["text_format"] == "latex"
    image = next(entry for entry in made if entry["type"] == "image")
    assert image["img_path"] == "report_images/page-1-8.png"
    assert image["image_caption"] == ["Figure 1: a picture"]
    table = next(entry for entry in made if entry["type"] == "table")
    assert table["table_caption"] == ["Table 1: numbers"] and table["table_footnote"] == [
        "* a note"
    ]
    assert str(table["table_body"]).startswith("<table><tr><td>Name</td>")
    lists = [entry for entry in made if entry["type"] == "list"]
    assert [(entry["sub_type"], len(entry["list_items"])) for entry in lists] == [  # type: ignore[arg-type]
        ("text", 3),
        ("ref_text", 2),
    ]


def test_boxes_are_in_thousandths_and_pages_count_from_zero() -> None:
    made = json.loads(content_list.render(document((), (block("text", 0.5, "a"),))))
    assert made == [{"type": "text", "text": "a", "bbox": [100, 500, 900, 540], "page_idx": 1}]


def test_kept_paratext_keeps_its_kind() -> None:
    kinds = [entry["type"] for entry in entries(RenderOptions(keep_paratext=True))]
    assert {"header", "page_number", "page_footnote"} <= set(kinds)


def test_tables_keep_their_spans() -> None:
    made = document((block("table", 0.1, SPANNED, format="otsl"),))
    assert 'colspan="2"' in json.loads(content_list.render(made))[0]["table_body"]
