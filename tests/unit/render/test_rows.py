"""A row a page: JSON Lines and Parquet say the same."""

import json
from dataclasses import replace

import pytest
from documents import block, document, everything

from mdocr.batch.destination import chosen_formats
from mdocr.document import formats
from mdocr.document.model import Failure
from mdocr.errors import MissingExtraError
from mdocr.options import RenderOptions
from mdocr.render import FORMATS
from mdocr.render.rows import rows


def lines(made) -> list[dict]:
    return [json.loads(line) for line in made.render("jsonl").splitlines()]


def test_each_page_is_a_row():
    first, second = lines(everything())
    assert (first["path"], first["page"], second["page"]) == ("report.pdf", 1, 2)
    assert first["text"].startswith("A *Study* of x_1\n\n1 Introduction\n")
    assert "# A" in first["markdown"]
    assert "fəˈnɛtɪk" in second["text"]
    assert "phonetic" not in first["text"]
    assert first["confidence"] == 0.9
    assert "Running head" not in first["text"]


def test_headers_are_kept_where_they_are_wanted():
    first, _ = rows(everything(), RenderOptions(keep_paratext=True))
    assert "Running head" in first["text"]


def test_the_confidence_counts_characters():
    made = document((block("text", 0.1, "a" * 30, confidence=1.0),), ())
    made = replace(
        made,
        pages=(
            replace(
                made.pages[0],
                blocks=(*made.pages[0].blocks, block("text", 0.2, "b" * 10, confidence=0.6)),
            ),
            made.pages[1],
        ),
    )
    assert [row["confidence"] for row in rows(made)] == [0.9, None]


def test_a_page_that_failed_is_a_row_too():
    made = replace(
        document((block("text", 0.1, "one"),)), failures=(Failure("timeout", 3), Failure("cut", 1))
    )
    first, third = rows(made)
    assert (first["page"], first["failures"], first["text"]) == (1, ["cut"], "one\n")
    assert (third["page"], third["failures"], third["text"]) == (3, ["timeout"], "")


def test_parquet_holds_the_same_rows(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    made = everything()
    path = tmp_path / "a.parquet"
    path.write_bytes(made.render("parquet"))
    found = parquet.read_table(path).to_pylist()
    expected = lines(made)
    for row, other in zip(found, expected, strict=True):
        assert row["confidence"] == pytest.approx(other.pop("confidence"))
        assert {key: row[key] for key in other} == other
    assert made.render("parquet") == path.read_bytes()


def test_a_path_that_is_no_text_is_escaped_in_parquet(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    path.write_bytes(document((block("text", 0.1, "x"),), name="a\udcff.pdf").render("parquet"))
    assert parquet.read_table(path).to_pylist()[0]["path"] == "a\\udcff.pdf"


def test_many_files_become_few(tmp_path):
    """The recipe of docs/scale.md."""
    pytest.importorskip("pyarrow")
    from pyarrow import dataset

    out = tmp_path / "out"
    out.mkdir()
    for number in range(5):
        made = document((block("text", 0.1, f"text {number}"),), name=f"{number}.pdf")
        (out / f"{number}.parquet").write_bytes(made.render("parquet"))
    (out / "mdocr.jsonl").write_text("{}\n")
    files = sorted(map(str, out.glob("*.parquet")))
    dataset.write_dataset(
        dataset.dataset(files),
        tmp_path / "corpus",
        format="parquet",
        max_rows_per_file=2,
        max_rows_per_group=2,
    )
    assert len(list((tmp_path / "corpus").iterdir())) == 3
    assert dataset.dataset(tmp_path / "corpus").count_rows() == 5


@pytest.mark.parametrize("arguments", [("parquet", "out/"), ("", "a.parquet")])
def test_a_missing_package_is_told_before_anything_is_read(monkeypatch, arguments):
    monkeypatch.setitem(formats.EXTRAS, "parquet", "no_such_package")
    with pytest.raises(MissingExtraError, match="the format parquet") as caught:
        chosen_formats(*arguments)
    assert "[parquet]" in caught.value.hint
    assert FORMATS["parquet"].is_binary
