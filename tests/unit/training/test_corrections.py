"""What was read, corrected and trained on: the CSV, the pictures, the whole loop."""

from pathlib import Path

import numpy as np
import pymupdf
import pytest
from page_models import save_tiny_line_reader, write_pdf
from PIL import Image, ImageDraw, ImageFont
from training_runs import losses_of_training, write_folder, write_run, write_word
from typer.testing import CliRunner

from mdocr.batch.review import Review
from mdocr.cli.main import app
from mdocr.document.corrections import Correction, read_corrections, write_corrections
from mdocr.document.model import Box
from mdocr.document.words import Word
from mdocr.errors import InputError, UsageError
from mdocr.models.charset import ENGLISH, Charset
from mdocr.parsing.loading import load_parser
from mdocr.training.config import DataConfig, SourceConfig, load_config
from mdocr.training.corrections.lines import jittered, line_samples
from mdocr.training.corrections.pictures import corrected_pictures
from mdocr.training.corrections.runs import run_values
from mdocr.training.line_reader.trainer import LineReaderRun
from mdocr.training.recognizer.sources import Labels, open_source
from mdocr.training.run_files import fill

LINE = Correction("a.pdf", "=1", 'ab, "c"', 0.25, "", 2, Box(0.1, 0.25, 0.5, 0.3), 90)


def corrected(path: Path, corrections: dict[str, str]) -> Path:
    """The CSV of a review, with its column filled in by what was read."""
    rows = []
    for line in path.read_text("utf-8-sig").splitlines()[1:]:
        cells = line.split(",")
        cells[3] = corrections.get(cells[1], "")
        rows.append(",".join(cells))
    path.write_text("\n".join([path.read_text("utf-8-sig").splitlines()[0], *rows]), "utf-8-sig")
    return path


def test_a_correction_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    written = write_corrections([LINE, Correction("b.png", "read")])
    path.write_text(written, "utf-8")
    assert read_corrections(path) == [LINE]
    assert "'=1" in written  # no formula of a spreadsheet
    path.write_text(written.replace(",", ";").replace('"ab; ""c"""', "ab"), "utf-8")
    assert [row.correction for row in read_corrections(path)] == ["ab"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("picture,text\na,b\n", "no column correction and source"),
        ("correction,source\n,a\n", "nothing is corrected"),
        ("correction,source,page\na,b,x\n", "line 2 is not as it was written"),
        ("correction,source,bbox\na,b,1 2\n", "line 2 is not as it was written"),
        ("correction,source,angle\na,b,45\n", "angle 45"),
    ],
)
def test_tables_of_another_form_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_corrections(path)
    with pytest.raises(InputError, match="cannot read"):
        read_corrections(tmp_path / "none.csv")


def test_a_review_of_a_page_holds_its_lines_with_their_pictures(tmp_path: Path) -> None:
    pdf = write_pdf(tmp_path / "a.pdf", [["jibe cage", "a bad face"]])
    parser = load_parser(save_tiny_line_reader(tmp_path / "model"))
    document = parser.parse(pdf, boxes="word", text_layer="ignore", keep_unsure=True, draft="none")
    review = Review(tmp_path / "review", 1.0)
    (errand,) = review.errands(str(pdf), document.pages)
    review.add_document(str(pdf), document.pages, errand.make())
    sheet, table = review.end()
    lines = [line for block in document.pages[0].blocks for line in block.lines if line.text]
    assert lines and [row.text for row in review.rows] == [line.text for line in lines]
    assert sheet.read_text("utf-8").count('<div class="line"') == len(lines)
    for row in review.rows:
        with Image.open(table.parent / row.picture) as picture:
            ink = np.asarray(picture.convert("L")) < 128
        assert picture.width > 3 * picture.height and ink.any()
    with pytest.raises(UsageError, match="may hold corrections"):
        Review(tmp_path / "review", 0.5)


def test_lines_are_cut_from_their_document_where_there_is_no_picture(tmp_path: Path) -> None:
    pdf = write_pdf(tmp_path / "a.pdf", [["jibe cage"], ["bad face", "hide"]])
    with pymupdf.open(pdf) as opened:
        x0, y0, x1, y1 = opened[1].search_for("hide")[0]
    box = Box(x0 / 400, y0 / 400, x1 / 400, y1 / 400)
    table = tmp_path / "saved.csv"
    table.write_text(write_corrections([Correction("gone/a.pdf", "", "hide", 0, "", 2, box)]))
    ((picture, text),) = corrected_pictures(table)
    assert text == "hide"
    width, height = (200 / 72 * side for side in (x1 - x0, y1 - y0))
    assert picture.width == pytest.approx(width, rel=0.2) and picture.height < 1.2 * height
    table.write_text(write_corrections([Correction("gone/b.pdf", "", "hide", 0, "", 2, box)]))
    with pytest.raises(InputError, match="is not there"):
        list(corrected_pictures(table))


def test_doubtful_words_become_a_source_of_samples(tmp_path: Path) -> None:
    write_word(tmp_path / "a.png", "Hall")
    review = Review(tmp_path / "review", 0.8)
    for name, sure in (("a.png", 0.5), ("b.png", 0.9)):
        review.add_word(Word(str(tmp_path / name), "Ha1l", sure, (), "m", "d", 1))
    table = corrected(review.end()[1], {"Ha1l": "Hall"})
    config = SourceConfig("corrections", str(table))
    source = open_source(config, DataConfig(augment=False), Labels(Charset(ENGLISH), 8), 4, 0)
    (picture, text), *_ = source.samples(0, range(2), 0.0)
    with Image.open(tmp_path / "a.png") as given:
        assert text == "Hall" and picture.size == given.size


def test_a_long_line_is_parted_where_its_text_fits_best() -> None:
    words = ["one", "two", "three", "four", "five", "six", "seven"]
    picture = Image.new("RGB", (1000, 32), "white")
    drawing, font = ImageDraw.Draw(picture), ImageFont.load_default(20)
    for number, word in enumerate(words):
        drawing.text((10 + 140 * number, 4), word, "black", font)

    def fit(part: Image.Image, texts: list[str]) -> np.ndarray:
        seen = round(part.width / 140)  # words that this many pixels show
        return np.array([abs(len(text.split()) - seen) for text in texts], np.float32)

    found = list(line_samples(picture, " ".join(words), fit))
    assert len(found) == 2 and " ".join(text for _, text in found) == " ".join(words)
    assert [len(text.split()) for _, text in found] == [
        round(pixels.shape[1] / 140) for pixels, _ in found
    ]
    assert jittered(np.random.default_rng(0), found[0][0]).shape[0] == 32


def test_corrections_on_the_command_line_join_the_data_of_a_run(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text(write_corrections([LINE]), "utf-8")
    words = run_values("recognizer", None, [], [table])["data"]["sources"]
    assert words == [{"kind": "synthesis"}, {"kind": "corrections", "path": str(table)}]
    run = fill(run_values("parser", None, ["run.steps=3"], [table]), LineReaderRun)
    assert (run.data.corrections, run.run.steps) == ((str(table),), 3)
    with pytest.raises(InputError, match="cannot read"):
        run_values("parser", None, [], [tmp_path / "none.csv"])
    assert load_config(Path("parser-corrections"), [], LineReaderRun).data.corrections == ()
    with pytest.raises(UsageError, match="a run is missing"):
        run_values("parser", None, [], [])


def test_a_line_that_was_read_corrected_and_trained_on_is_read_better(tmp_path: Path) -> None:
    """The whole loop, on a tiny model: parse --review, a correction, train parser."""
    pdf = write_pdf(tmp_path / "a.pdf", [["jibe cage"]])
    model = save_tiny_line_reader(tmp_path / "model")
    runner = CliRunner()
    command = ["parse", pdf, "--model", model, "--review", tmp_path / "review", "--keep-unsure"]
    command += ["--text-layer", "ignore", "--draft", "none", "--review-below", "1"]
    done = runner.invoke(app, [str(part) for part in [*command, "-o", tmp_path / "a.md"]])
    assert done.exit_code == 0, done.output
    table = tmp_path / "review/review.csv"
    (row,) = (line.split(",") for line in table.read_text("utf-8-sig").splitlines()[1:])
    corrected(table, {row[1]: "jibe cage"})

    before, after = losses_of_training(table, model, tmp_path / "out")
    assert after < 0.7 * before


def test_corrected_words_train_a_recognizer(tmp_path: Path) -> None:
    write_folder(tmp_path / "words", ("Hall",))
    table = tmp_path / "a.csv"
    table.write_text(write_corrections([Correction(str(tmp_path / "words/0.png"), "H", "Hall")]))
    command = ["train", "recognizer", "--config", str(write_run(tmp_path)), "--set", "run.steps=2"]
    done = CliRunner().invoke(app, [*command, "--corrections", str(table)])
    assert done.exit_code == 0 and Path(done.stdout.strip()).is_file(), done.output
