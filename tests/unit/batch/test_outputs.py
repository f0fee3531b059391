"""Where results go: refused endings, folders that are deleted, files of others, cells of CSV."""

import shutil

import pytest

from mdocr.batch.destination import chosen_formats, open_destination
from mdocr.batch.ownership import OwnFiles
from mdocr.document.csv_cells import csv_cell
from mdocr.errors import UsageError
from mdocr.options import RenderOptions


@pytest.mark.parametrize(
    ("output", "forms"),
    [
        ("", ("md",)),
        ("a.txt", ("txt",)),
        ("a.content_list.json", ("content-list",)),
        ("a.jsonl", ("jsonl",)),
        ("a.chunks.jsonl", ("chunks",)),
        ("d/", ("md",)),
    ],
)
def test_an_ending_names_its_format(output, forms):
    assert chosen_formats("", output) == forms


def test_an_unknown_ending_is_refused():
    with pytest.raises(UsageError, match=r"no format ends in '\.docx'"):
        chosen_formats("", "a.docx")
    assert chosen_formats("md", "a.docx") == ("md",)


def test_a_deleted_folder_is_noticed_even_if_it_was_made_again(tmp_path):
    with open_destination(f"{tmp_path}/out/", ("md",), 2, RenderOptions()) as destination:
        destination.check()
        shutil.rmtree(tmp_path / "out")
        with pytest.raises(UsageError, match="was deleted or moved"):
            destination.check()


def test_files_of_others_are_refused_and_own_ones_known_to_later_runs(tmp_path):
    own, foreign = tmp_path / "own.md", tmp_path / "foreign.md"
    for path in (own, foreign):
        path.write_text("x")
    OwnFiles().add([own])
    OwnFiles().refuse_foreign([own, tmp_path / "new.md"])
    with pytest.raises(UsageError, match="mdocr did not write it"):
        OwnFiles().refuse_foreign([own, foreign])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_what_a_spreadsheet_would_run_is_text(text):
    assert csv_cell(text) == f"'{text}"
    assert csv_cell(f"a{text}") == f"a{text}"
    assert csv_cell(-1) == -1
