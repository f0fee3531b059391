import json
from pathlib import Path

import jsonschema
import pytest
from documents import everything

from mdocr.document.block_types import BLOCK_TYPES
from mdocr.document.document import Document
from mdocr.document.model import Block, Box, Failure, Page, Source
from mdocr.errors import InputError

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "docs" / "document.schema.json").read_text(encoding="utf-8")
)


def test_boxes_measure_themselves() -> None:
    box = Box(0.0, 0.0, 0.5, 0.5)
    other = Box(0.25, 0.0, 0.75, 0.5)
    assert box.area == 0.25
    assert box.iou(other) == pytest.approx(1 / 3)
    assert box.inside(Box(0, 0, 1, 1)) == 1
    assert box.union(other) == Box(0.0, 0.0, 0.75, 0.5)
    assert box.iou(Box(0.6, 0.6, 0.7, 0.7)) == 0


def test_a_box_without_area_lies_in_nothing() -> None:
    assert Box(0.5, 0.5, 0.5, 0.9).inside(Box(0, 0, 1, 1)) == 0
    assert Box(0.9, 0.5, 0.1, 0.9).area == 0


def test_a_document_follows_the_published_schema() -> None:
    document = Document(
        Source("a.pdf", 3, "0" * 64),
        "lite",
        everything().pages,
        (Failure("out of memory", page=3, error="DeviceError", hint="Take a smaller batch."),),
    )
    jsonschema.Draft202012Validator(SCHEMA).validate(document.to_dict())


def test_the_schema_names_every_block_type() -> None:
    assert set(SCHEMA["$defs"]["block"]["properties"]["type"]["enum"]) == set(BLOCK_TYPES)


def test_notes_of_a_page_survive_json() -> None:
    page = Page(1, 595.0, 842.0, notes=("nothing was found on it",))
    document = Document(Source("a.pdf", 1), "lite", (page,))
    record = document.to_dict()
    jsonschema.Draft202012Validator(SCHEMA).validate(record)
    assert Document.from_dict(record).pages == (page,)


def test_a_document_survives_json() -> None:
    document = everything()
    record = json.loads(json.dumps(document.to_dict()))
    assert Document.from_dict(record) == document


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"schema": "mdocr.words/1"},
        {"schema": "mdocr.document/1", "source": {"path": "a"}, "model": "lite", "pages": [{}]},
    ],
)
def test_a_foreign_record_is_refused(record: dict[str, object]) -> None:
    with pytest.raises(InputError, match="schema"):
        Document.from_dict(record)


def test_level_and_image_are_written_only_where_known() -> None:
    plain = Block("text", Box(0, 0, 1, 1), "a")
    assert "level" not in plain.to_dict() and "image" not in plain.to_dict()
    title = Block("title", Box(0, 0, 1, 1), "a", level=2, image="a.png")
    assert title.to_dict()["level"] == 2 and title.to_dict()["image"] == "a.png"
    assert Page.from_dict(Page(1, 10, 10, (title,)).to_dict()).blocks == (title,)
