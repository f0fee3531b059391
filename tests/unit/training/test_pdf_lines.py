"""Lines of PDFs with text as labelled lines to train on."""

from pathlib import Path

import pymupdf
import pytest
from typer.testing import CliRunner

from mdocr.cli.main import app
from mdocr.errors import UsageError
from mdocr.inputs.labelled import FolderCollection
from mdocr.training.corrections.pictures import corrected_pictures
from mdocr.training.corrections.runs import run_values
from mdocr.training.pdf_lines import write_pdf_lines

SAID = ("The trains of the north run late", "because of the snow on the line.")
LIES = ("Profits rose by a fifth last year", "and will fall by half in the next")


def write_pages(path: Path, shown: tuple[str, ...], said: tuple[str, ...]) -> Path:
    """A page that shows some lines as a picture, under text that says others."""
    with pymupdf.open() as drawn, pymupdf.open() as made:
        sheet = drawn.new_page(width=400, height=200)
        page = made.new_page(width=400, height=200)
        for number, (seen, text) in enumerate(zip(shown, said, strict=True)):
            sheet.insert_text((40, 60 + 30 * number), seen, fontsize=16)
            page.insert_text((40, 60 + 30 * number), text, fontsize=16, render_mode=3)
        page.insert_image(page.rect, pixmap=sheet.get_pixmap(dpi=200))
        made.save(path)
    return path


@pytest.mark.slow
def test_lines_that_show_what_the_file_says_are_cut_and_others_are_not(tmp_path: Path) -> None:
    write_pages(tmp_path / "good.pdf", SAID, SAID)
    write_pages(tmp_path / "lies.pdf", SAID, LIES)
    (tmp_path / "broken.pdf").write_bytes(b"no PDF")
    folder = tmp_path / "lines"
    done = write_pdf_lines([str(tmp_path)], folder, "lite", 150)
    assert done.count == len(SAID)
    assert [failure.split(": ")[0].rsplit("/")[-1] for failure in done.failures] == [
        "broken.pdf", "lies.pdf",
    ]  # fmt: skip
    lines = FolderCollection(folder)
    assert tuple(lines.text(row) for row in range(len(lines))) == SAID
    assert all(lines.picture(row).width > 4 * lines.picture(row).height for row in range(2))
    assert [text for _, text in corrected_pictures(folder)] == list(SAID)
    (named,) = run_values("parser", None, [], [folder])["data"]["corrections"]
    assert named == str(folder)
    with pytest.raises(UsageError, match="exists"):
        write_pdf_lines([str(tmp_path / "good.pdf")], folder, "lite", 150)


@pytest.mark.slow
def test_the_command_fails_where_no_line_is_found_and_writes_nothing(tmp_path: Path) -> None:
    path = write_pages(tmp_path / "lies.pdf", SAID, LIES)
    made = CliRunner().invoke(app, ["train", "lines", str(path), "-o", str(tmp_path / "lines")])
    assert made.exit_code != 0
    assert not (tmp_path / "lines").exists()
