"""``mdocr recognize`` from arguments to output and exit code, on a tiny model of random weights."""

import csv
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import cases
import pytest
from click.testing import Result
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

from mdocr.batch.word_run import note_word
from mdocr.batch.words import word_writer
from mdocr.cli.main import app
from mdocr.document.words import Word
from mdocr.options import WORD_DECODERS, RecognizeOptions


@pytest.fixture(scope="module")
def model(golden: Path) -> str:
    return str(golden / "mdiff4str/tiny_best.pth")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory):
    """One cache for this file, so that the checkpoint is converted once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MDOCR_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """Three pictures of words, two of them deeper down."""
    folder = tmp_path / "words"
    (folder / "more").mkdir(parents=True)
    for name, text in {"w2.png": "two", "w10.png": "ten", "more/w1.png": "one"}.items():
        picture = Image.new("RGB", (60, 20), "white")
        ImageDraw.Draw(picture).text((4, 4), text, fill="black")
        picture.save(folder / name)
    return folder


def recognize(*arguments: object, **keywords) -> Result:
    command = ["recognize", *map(str, arguments), "--device", "cpu"]
    return CliRunner().invoke(app, command, **keywords)


def records(result: Result) -> list[dict]:
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert list(document) == ["schema", "words"]
    assert document["schema"] == "mdocr.words/1"
    return document["words"]


def test_single_picture_prints_its_text_alone(words: Path, model: str) -> None:
    result = recognize(words / "w2.png", "--model", model)
    assert result.exit_code == 0, result.stderr
    (word,) = records(recognize(words / "w2.png", "--model", model, "--format", "json"))
    assert result.stdout == f"{word['text']}\n"
    assert result.stderr == ""


def test_folder_prints_a_line_each_in_natural_order(words: Path, model: str) -> None:
    result = recognize(words, "--model", model)
    paths = [line.split("\t")[0] for line in result.stdout.splitlines()]
    assert paths == [str(words / name) for name in ("more/w1.png", "w2.png", "w10.png")]


def test_folder_of_one_picture_still_names_it(words: Path, model: str) -> None:
    result = recognize(words / "more", "--model", model)
    assert result.stdout.startswith(f"{words / 'more/w1.png'}\t")


def test_quoted_pattern(words: Path, model: str) -> None:
    result = recognize(f"{words}/w*.png", "--model", model)
    assert [Path(line.split("\t")[0]).name for line in result.stdout.splitlines()] == [
        "w2.png",
        "w10.png",
    ]


def test_json_record(words: Path, model: str) -> None:
    result = recognize(words, "--model", model, "--format", "json")
    for word in records(result):
        assert list(word) == [
            "path",
            "text",
            "confidence",
            "characters",
            "model",
            "decoder",
            "steps",
        ]
        assert "".join(character["text"] for character in word["characters"]) == word["text"]
        assert all(set(c) == {"text", "confidence", "step"} for c in word["characters"])
        assert all(1 <= c["step"] <= word["steps"] <= 3 for c in word["characters"])
        assert word["model"] == "tiny_best.pth"
        assert word["decoder"] == RecognizeOptions().decoder == "block-low-confidence"


def test_formats_tell_the_same(words: Path, model: str) -> None:
    expected = records(recognize(words, "--model", model, "--format", "json"))
    lines = recognize(words, "--model", model, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == expected
    table = recognize(words, "--model", model, "--format", "csv").stdout
    assert table.startswith("path,text,confidence,model,decoder,steps\n")
    rows = list(csv.DictReader(table.splitlines()))
    assert [row["text"] for row in rows] == [word["text"] for word in expected]
    assert [float(row["confidence"]) for row in rows] == [word["confidence"] for word in expected]
    text = recognize(words, "--model", model).stdout
    assert text == "".join(f"{word['path']}\t{word['text']}\n" for word in expected)


def test_no_cell_is_run_by_a_spreadsheet() -> None:
    stream = io.StringIO()
    writer = word_writer("csv", stream, bare=False)
    writer.write(Word("@a.png", "=HYPERLINK(1)", 1.0, (), "lite", "parallel", 1))
    writer.end()
    (row,) = csv.DictReader(stream.getvalue().splitlines())
    assert (row["text"], row["path"]) == ("'=HYPERLINK(1)", "'@a.png")


def test_a_lexicon_reads_unclear_letters(tmp_path: Path) -> None:
    sample = Path(__file__).parents[2] / "docs/samples/words/02.png"  # SURFACE, its F is half an E
    (tmp_path / "own.txt").write_text("surface\n", "utf-8")
    (tmp_path / "other.txt").write_text("gallery\n", "utf-8")
    plain = recognize(sample, "--model", "lite", "--lexicon", "none").stdout.strip()
    for lexicon, text in (
        ("english", "SURFACE"),
        (tmp_path / "own.txt", "SURFACE"),
        ("auto", "SURFACE"),
        (tmp_path / "other.txt", plain.rstrip(".")),
    ):
        result = recognize(sample, "--model", "lite", "--lexicon", lexicon)
        assert result.stdout.strip().rstrip(".") == text  # a full stop stands at the very edge


def test_a_lexicon_that_is_not_there(words: Path, model: str) -> None:
    result = recognize(words, "--model", model, "--lexicon", "klingon")
    assert result.exit_code == 3
    assert "klingon" in result.stderr and "en,de" in result.stderr


@pytest.mark.parametrize("decoder", WORD_DECODERS)
def test_every_decoder(words: Path, model: str, decoder: str) -> None:
    result = recognize(
        words, "--model", model, "--decoder", decoder, "--steps", 2, "--format", "json", "--trace"
    )
    for word in records(result):
        assert word["decoder"] == decoder
        assert len(word["trace"]) == word["steps"]
        assert word["trace"][-1] == word["text"]


def test_batch_size_changes_nothing(words: Path, model: str) -> None:
    single = recognize(words, "--model", model, "--batch-size", 1)
    assert single.stdout == recognize(words, "--model", model, "--batch-size", 7).stdout


def test_half_precision_reads_the_same_words(words: Path) -> None:
    single, half = (
        records(recognize(words, "--model", "lite", "--dtype", dtype, "--format", "json"))
        for dtype in ("float32", "bfloat16")
    )
    assert [word["text"] for word in half] == [word["text"] for word in single]
    assert [word["confidence"] for word in half] != [word["confidence"] for word in single]
    assert recognize(words, "--dtype", "float8").exit_code == 2


def test_trace_is_for_people(words: Path, model: str) -> None:
    plain = recognize(words / "w2.png", "--model", model)
    result = recognize(words / "w2.png", "--model", model, "--trace")
    assert result.stdout == plain.stdout
    path, *steps = result.stderr.splitlines()
    assert path == str(words / "w2.png")
    assert "_" in steps[0]
    assert steps[-1].split() == [str(len(steps)), result.stdout.strip()]


def test_standard_input(words: Path, model: str) -> None:
    picture = (words / "w2.png").read_bytes()
    result = recognize("-", "--model", model, input=picture)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == recognize(words / "w2.png", "--model", model).stdout


def test_output_file_is_whole_or_not_there(words: Path, model: str, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("before")
    refused = recognize(words, "--model", model, "--format", "jsonl", "-o", out)
    assert refused.exit_code == 2 and "--force" in refused.stderr
    assert out.read_text() == "before"
    result = recognize(words, "--model", model, "--format", "jsonl", "-o", out, "--force")
    assert (result.exit_code, result.stdout) == (0, "")
    assert len(out.read_text().splitlines()) == 3
    assert recognize(tmp_path / "gone.png", "--model", model, "-o", out).exit_code == 3
    assert len(out.read_text().splitlines()) == 3
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".mdocr.jsonl", "out.jsonl", "words"]


def test_an_input_is_not_written_over(words: Path, model: str) -> None:
    before = (words / "w2.png").read_bytes()
    result = recognize(words, "--model", model, "-o", words / "w2.png")
    assert result.exit_code == 2
    assert "would be written over" in result.stderr
    assert (words / "w2.png").read_bytes() == before


def test_ended_from_outside_nothing_is_left_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mdocr", "recognize", "-", "-o", "out.txt", "--engine", "onnx"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=tmp_path) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
        process.terminate()
        assert process.wait(60) == 130
    assert not list(tmp_path.iterdir())


def test_ended_within_code_from_a_string(tmp_path: Path) -> None:
    (tmp_path / "probe.py").write_text(
        "import os, signal\n"
        "from mdocr.cli import main\n"
        "@main.app.command()\n"
        "def probe() -> None:\n"
        "    exec('os.kill(os.getpid(), signal.SIGTERM)\\nwhile True: pass')\n"
        "main.run()\n"
    )
    made = subprocess.run([sys.executable, "-m", "probe", "probe"], cwd=tmp_path, check=False)
    assert made.returncode == 130


def test_closed_standard_streams(words: Path) -> None:
    for closing, arguments, code, message in (
        (">&-", str(words / "w2.png"), 2, "standard output is closed"),
        ("<&-", "-", 3, "standard input is closed"),
    ):
        line = f"{sys.executable} -m mdocr recognize {arguments} --engine onnx {closing}"
        made = subprocess.run(["sh", "-c", line], stderr=subprocess.PIPE, text=True, check=False)
        assert (made.returncode, message in made.stderr) == (code, True), made.stderr


def test_output_to_a_folder_or_below_a_file_is_refused(
    words: Path, model: str, tmp_path: Path
) -> None:
    for out in (tmp_path, words / "w2.png" / "out.txt"):
        result = recognize(words, "--model", model, "-o", out)
        assert result.exit_code == 2
        assert "cannot write" in result.stderr
        assert str(out) in result.stderr
        assert result.stdout == ""


def test_unreadable_pictures_are_named_and_the_others_read(
    words: Path, model: str, tmp_path: Path
) -> None:
    (words / "w3.png").write_text("no picture")
    gone = tmp_path / "gone.png"
    result = recognize(gone, words, "--model", model, "--format", "jsonl")
    assert result.exit_code == 7
    assert len(result.stdout.splitlines()) == 3
    assert "w3.png" in result.stderr
    assert "gone.png" in result.stderr
    assert "2 of the inputs" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv"])
def test_nothing_readable_prints_nothing(tmp_path: Path, model: str, form: str) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_text("no picture")
    result = recognize(tmp_path, "--model", model, "--format", form)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "a.png" in result.stderr
    assert "b.png" in result.stderr


@pytest.mark.parametrize("name", ["", "gone.png", "gone/*.png"])
def test_nothing_there(tmp_path: Path, model: str, name: str) -> None:
    result = recognize(tmp_path / name, "--model", model)
    assert (result.exit_code, result.stdout) == (3, "")
    assert str(tmp_path / name) in result.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        ["--decoder", "guess"],
        ["--steps", "0"],
        ["--steps", "many"],
        ["--format", "xml"],
        ["--engine", "steam"],
        ["--batch-size", "0"],
    ],
)
def test_wrong_usage(words: Path, model: str, wrong: list[str]) -> None:
    result = recognize(words, "--model", model, *wrong)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_absent_device_and_weights(words: Path, model: str) -> None:
    command = ["recognize", str(words), "--model", model, "--device", "cuda:99"]
    assert CliRunner().invoke(app, command).exit_code == 6
    assert recognize(words, "--model", words / "no.pth").exit_code == 4


def test_odd_names_stay_on_one_line(words: Path, model: str) -> None:
    odd = words / "more" / "a\tb\nc é.png"
    (words / "w2.png").rename(odd)
    result = recognize(words / "more", "--model", model)
    paths = [line.split("\t")[0] for line in result.stdout.splitlines()]
    assert paths == [str(odd).replace("\t", r"\t").replace("\n", r"\n"), f"{words}/more/w1.png"]
    found = records(recognize(words / "more", "--model", model, "--format", "json"))
    assert found[0]["path"] == str(odd)


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text are a Linux matter")
def test_name_that_is_no_text(words: Path, model: str) -> None:
    odd = os.fsencode(words) + b"/more/\xff.png"
    try:
        Path(os.fsdecode(odd)).write_bytes((words / "w2.png").read_bytes())
    except OSError:
        pytest.skip("this file system takes text names only")
    command = [sys.executable, "-m", "mdocr", "recognize", words / "more", "--model", model]
    made = subprocess.run([*command, "--format", "json"], capture_output=True, check=False)
    assert made.returncode == 0, made.stderr
    assert os.fsdecode(odd) in [word["path"] for word in json.loads(made.stdout)["words"]]


@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_line_is_out_as_soon_as_its_word_is_known(form: str) -> None:
    reading, writing = os.pipe()
    with open(reading) as product, open(writing, "w") as stream:  # noqa: PTH123
        word_writer(form, stream, bare=False).write(Word("a.png", "A", 1.0, (), "m", "parallel", 1))
        assert "a.png" in product.readline()


def test_reader_that_leaves_early_is_no_error(words: Path, model: str) -> None:
    script = f'"{sys.executable}" -m mdocr recognize "$1" --model "$2" | head -n 1'
    made = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {script}", "bash", words, model],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0
    assert made.stderr == ""
    assert len(made.stdout.splitlines()) == 1


@pytest.mark.parametrize(("rows", "size", "told"), [(1, 40, False), (3, 16, True), (12, 30, True)])
def test_a_picture_of_a_page_is_told(
    tmp_path: Path, model: str, rows: int, size: int, told: bool
) -> None:
    text = "Exit" if rows == 1 else "\n".join(["Bread and butter 1.20"] * rows)
    font = ImageFont.load_default(size)
    picture = Image.new("RGB", (24 * size if rows > 1 else 3 * size, 2 * rows * size), "white")
    ImageDraw.Draw(picture).text((size, size // 3), text, "black", font, spacing=size // 2)
    picture.save(tmp_path / "a.png")
    made = recognize(tmp_path / "a.png", "--model", model)
    assert made.exit_code == 0
    assert ("shows more text than one word" in made.stderr) == told
    assert ("mdocr parse" in made.stderr) == told


@pytest.mark.parametrize("command", ["recognize", "read"])
def test_a_picture_in_which_nothing_is_to_be_read_is_told(tmp_path: Path, command: str) -> None:
    Image.new("RGB", (60, 20), "white").save(tmp_path / "blank.png")
    made = CliRunner().invoke(app, [command, str(tmp_path / "blank.png"), "--device", "cpu"])
    assert made.exit_code == 0
    assert "blank.png: it was read with a confidence of" in made.stderr


def test_a_word_that_is_empty_or_may_go_on_is_told(caplog: pytest.LogCaptureFixture) -> None:
    for text in ("", "a" * 25, "a" * 24):
        note_word(Word(f"{len(text)}.png", text, 0.9, (), "lite", "parallel", 1), few=True)
    first, second = caplog.messages
    assert first == "0.png: nothing was read in it"
    assert second.startswith("25.png: it may go on: a word is read up to 25 characters")


def test_frames_that_are_not_read_are_told(tmp_path: Path) -> None:
    frames = [cases.strip(text, 30) for text in ("One", "Two", "Three")]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    made = recognize(tmp_path / "a.tif")
    assert made.stdout == "One\n" and "of its 3 frames the first is read" in made.stderr


@pytest.mark.parametrize("angle", [90, 270])
def test_a_page_on_its_side_is_told(tmp_path: Path, model: str, angle: int) -> None:
    cases.picture_of(cases.paragraph).rotate(angle, expand=True).save(tmp_path / "a.png")
    assert "mdocr parse" in recognize(tmp_path / "a.png", "--model", model).stderr


@pytest.mark.parametrize(("own", "taken"), [("", "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_threads_wait_without_spinning_unless_the_user_says_otherwise(
    words: Path, model: str, own: str, taken: str
) -> None:
    given = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    given |= {"OMP_DISPLAY_ENV": "true", **({"OMP_WAIT_POLICY": own} if own else {})}
    command = [sys.executable, "-m", "mdocr", "recognize", str(words / "w2.png")]
    command += ["--model", model, "--engine", "torch"]
    made = subprocess.run(command, capture_output=True, text=True, check=True, env=given)
    assert f"OMP_WAIT_POLICY = '{taken}'" in made.stderr  # as OpenMP found it when it was loaded


def test_command_imports_neither_torch_nor_mupdf() -> None:
    heavy = ("torch", "pymupdf")
    code = f"import sys, mdocr.cli.recognize; print([n for n in {heavy} if n in sys.modules])"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout == "[]\n"
