"""``mdocr parse`` and ``mdocr read`` from arguments to files and exit codes."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import cases
import jsonschema
import pymupdf
import pytest
from chat_server import ChatServer
from click.testing import Result
from page_models import FakeParser, region, save_tiny_line_reader, write_pdf
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from mdocr.batch.results import Results
from mdocr.cli.main import app
from mdocr.document.document import Document
from mdocr.errors import DeviceError, InputError
from mdocr.weights.resolve import ResolvedModel

SCHEMA = Path(__file__).parents[2] / "docs" / "document.schema.json"
LAYOUT = "\n".join(
    [
        region("page_number", (900, 10, 950, 30)),
        region("title", (100, 50, 900, 100)),
        region("text", (100, 150, 900, 300)),
        region("table", (100, 310, 900, 500)),
        region("image", (100, 600, 500, 800)),
    ]
)


def answer(image: Image.Image, prompt: str) -> str:
    return {"layout": LAYOUT, "table": "<fcel>a<fcel>b<nl>"}.get(prompt, "Some words")


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> FakeParser:
    """A page model of this process that knows one layout."""
    parser = FakeParser(answer)
    monkeypatch.setattr("mdocr.batch.page_model.load_parser", lambda *arguments, **named: parser)
    monkeypatch.setattr(
        "mdocr.batch.page_model.find_parser", lambda *_: ResolvedModel("fake", Path())
    )
    monkeypatch.setattr("mdocr.cli.corpus.automatic_workers", lambda *_: 0)  # not in this process
    return parser


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    return write_pdf(tmp_path / "report.pdf", [["one"], ["two"], ["three"]])


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def parse(*arguments: object) -> Result:
    return run("parse", *arguments, "--dpi", "72")


def document(path: Path) -> Document:
    record = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.validate(record, json.loads(SCHEMA.read_text(encoding="utf-8")))
    return Document.from_dict(record)


def test_one_document_goes_to_stdout_as_markdown(model, pdf):
    result = parse(pdf, "--pages", "2")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (  # a single page has no running head
        "Some words\n\n# Some words\n\nSome words\n\n| a | b |\n| --- | --- |\n"
    )
    assert [prompt for _, prompt, _ in model.asked].count("layout") == 1


def test_folder_gets_every_format_and_the_pictures(model, pdf, tmp_path):
    forms = "md,json,latex,html,content-list"
    result = parse(pdf, "--format", forms, "-o", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"wrote 5 files to {tmp_path / 'out'}\n"
    files = {
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*")
    }
    images = {f"report_images/page000{number}-005.jpg" for number in (1, 2, 3)}
    endings = (".md", ".json", ".tex", ".html", ".content_list.json")
    written = {f"report{ending}" for ending in endings}
    hidden = {".report.progress.jsonl", ".mdocr.jsonl", ".mdocr.lock"}
    assert files == written | images | hidden | {"report_images", "mdocr.jsonl"}
    read = document(tmp_path / "out/report.json")
    assert read.source.path == str(pdf)
    assert len(read.source.sha256) == 64
    assert [page.number for page in read.pages] == [1, 2, 3]
    assert all(page.seconds > 0 for page in read.pages)
    assert "page_number" not in {block.type for block in read.pages[0].blocks}
    assert "![](report_images/page0001-005.jpg)" in (tmp_path / "out/report.md").read_text()


def test_file_takes_its_format_from_its_name(model, pdf, tmp_path):
    assert parse(pdf, "-o", tmp_path / "deep/a.json", "--keep-paratext").exit_code == 0
    read = document(tmp_path / "deep/a.json")
    assert "page_number" in {block.type for block in read.pages[0].blocks}
    assert len(list((tmp_path / "deep/a_images").iterdir())) == 3
    assert parse(pdf, "-o", tmp_path / "a.txt", "--format", "latex").exit_code == 0
    assert "\\begin{document}" in (tmp_path / "a.txt").read_text()
    result = parse(pdf, "-o", "-", "--format", "json", "--pages", "1")
    assert json.loads(result.stdout)["pages"][0]["number"] == 1


def test_options_of_markdown(model, pdf):
    result = parse(pdf, "--pages", "1", "--tables", "html")
    assert "<td>a</td>" in result.stdout
    assert parse(pdf, "--tables", "ascii").exit_code == 2


def test_a_second_run_reads_nothing_again(model, pdf, tmp_path):
    out = ("-o", tmp_path / "out", "--format", "json")
    assert parse(pdf, *out, "--pages", "1-2").exit_code == 0
    first = document(tmp_path / "out/report.json")
    model.asked.clear()
    assert parse(pdf, *out).exit_code == 0
    assert [prompt for _, prompt, _ in model.asked].count("layout") == 1
    both = document(tmp_path / "out/report.json")
    assert both.pages[:2] == first.pages
    assert [page.number for page in both.pages] == [1, 2, 3]


@pytest.mark.parametrize(
    "change",
    ["--no-resume", "--threshold=0.5", "--dtype=float32", "picture", "weights"],
)
def test_what_makes_a_run_read_all_again(model, pdf, tmp_path, monkeypatch, change):
    found = ResolvedModel("fake", tmp_path / "fake.safetensors")
    found.path.write_text("weights")
    monkeypatch.setattr("mdocr.batch.page_model.find_parser", lambda *_: found)
    assert parse(pdf, "-o", tmp_path / "out").exit_code == 0
    model.asked.clear()
    if change == "picture":
        for picture in (tmp_path / "out/report_images").iterdir():
            picture.unlink()
    if change == "weights":
        found.path.write_text("others of this name")
    arguments = [change] if change.startswith("--") else []
    assert parse(pdf, "-o", tmp_path / "out", *arguments).exit_code == 0
    assert [prompt for _, prompt, _ in model.asked].count("layout") == 3


def test_another_file_of_the_same_name_is_read(model, pdf, tmp_path):
    assert parse(pdf, "-o", tmp_path / "out").exit_code == 0
    model.asked.clear()
    write_pdf(pdf, [["other"]])
    assert parse(pdf, "-o", tmp_path / "out").exit_code == 0
    assert len(model.asked) > 0


def test_an_interrupted_run_goes_on(model, tmp_path, monkeypatch):
    path = write_pdf(tmp_path / "long.pdf", [["x"]] * 8)
    denoise = model.denoise

    def interrupted(requests, batch_size):
        for count, made in enumerate(denoise(requests, batch_size)):
            if count == 24:
                raise KeyboardInterrupt
            yield made

    model.denoise = interrupted
    assert parse(path, "-o", tmp_path / "out").exit_code == 130
    assert not (tmp_path / "out/long.md").exists()
    model.denoise = denoise
    model.asked.clear()
    assert parse(path, "-o", tmp_path / "out", "--format", "json").exit_code == 0
    assert 0 < [prompt for _, prompt, _ in model.asked].count("layout") < 8
    assert len(document(tmp_path / "out/long.json").pages) == 8


def test_damaged_progress_is_passed_over(model, pdf, tmp_path):
    (tmp_path / "out").mkdir()
    records = tmp_path / "out/.report.progress.jsonl"
    for damaged in ("[", '"\xff"\n', "null\n"):
        records.write_text(damaged, encoding="latin-1")
        result = parse(pdf, "-o", tmp_path / "out")
        assert result.exit_code == 0
        assert len(records.read_text().splitlines()) == 1 + 3  # a key, and three pages


def test_a_file_that_changes_while_it_is_read_is_reported_and_read_anew(
    model, pdf, tmp_path, monkeypatch
):
    known = Results.known

    def change(results, source):
        with pdf.open("ab") as file:
            file.write(b"%")
        return known(results, source)

    monkeypatch.setattr(Results, "known", change)
    result = parse(pdf, "-o", tmp_path / "out")
    assert result.exit_code == 7
    assert "was changed while it was read" in result.stderr
    assert not list((tmp_path / "out").glob(".*.progress.jsonl"))


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text are a Linux matter")
def test_a_name_that_is_no_text(model, tmp_path):
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))
    picture = Image.new("RGB", (400, 400), "white")
    picture.paste("blue", (60, 250, 180, 300))
    try:
        with odd.open("wb") as file:
            picture.save(file, "PNG")
    except OSError:
        pytest.skip("this file system takes text names only")
    after = write_pdf(tmp_path / "b.pdf", [["x"]])
    forms = "md,json,latex,html,content-list"
    for _ in range(2):
        result = parse(odd, after, "--format", forms, "-o", tmp_path / "out")
        assert result.exit_code == 0, result.stderr
    assert document(tmp_path / "out/\ufffd.json").source.path == str(odd)
    assert "](%EF%BF%BD_images/page0001-005.jpg)" in (tmp_path / "out/\ufffd.md").read_text("utf-8")
    assert (tmp_path / "out/b.html").exists()
    assert parse(odd, "--format", "json", "-o", tmp_path / "one.json").exit_code == 0
    assert r"\udcff.png" in (tmp_path / "one.json").read_text("utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text are a Linux matter")
def test_a_pdf_whose_name_is_no_text(model, pdf, tmp_path):
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.pdf"))
    try:
        odd.write_bytes(pdf.read_bytes())
    except OSError:
        pytest.skip("this file system takes text names only")
    assert parse(odd).stdout == parse(pdf).stdout
    written = parse(odd, "--format", "json")
    assert r"caf\udce9.pdf" in written.stdout and json.loads(written.stdout)["pages"]
    odd.write_bytes(b"%PDF-")
    failed = parse(odd, pdf, "-o", tmp_path / "out")
    assert failed.exit_code == 7 and r"caf\udce9.pdf" in failed.stderr


def test_a_named_pipe_is_read_once(model, pdf, tmp_path):
    pipe, plain = tmp_path / "pipe", parse(pdf).stdout
    os.mkfifo(pipe)
    for command in (parse, lambda path: run("read", path)):
        writer = threading.Thread(target=lambda: pipe.write_bytes(pdf.read_bytes()))
        writer.start()
        result = command(pipe)
        writer.join()
        assert result.exit_code == 0, result.stderr
        assert result.stdout.startswith(plain)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a file that never ends")
@pytest.mark.parametrize("command", ["parse", "read", "recognize"])
def test_a_device_is_refused(model, command):
    result = run(command, "/dev/zero")
    assert result.exit_code == 3
    assert "'/dev/zero' is a device or a socket, not a file\nName a picture" in result.stderr


def test_equal_names_do_not_overwrite_each_other(model, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_pdf(tmp_path / folder / "x.pdf", [[folder]])
    result = parse(tmp_path / "a", tmp_path / "b", "-o", tmp_path / "out", "--format", "json")
    assert result.exit_code == 0
    sources = [document(tmp_path / "out" / name).source.path for name in ("x.json", "x-2.json")]
    assert sources == [str(tmp_path / "a/x.pdf"), str(tmp_path / "b/x.pdf")]


def test_results_beside_the_documents_are_no_documents(model, pdf, tmp_path):
    places = ("-o", tmp_path, "--layout-image", tmp_path / "drawn", "--no-resume")
    for _ in range(2):
        model.asked.clear()
        assert parse(tmp_path, *places).exit_code == 0
        assert [prompt for _, prompt, _ in model.asked].count("layout") == 3


def test_results_beside_a_single_file_are_no_documents(model, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    write_pdf(folder / "a.pdf", [["x"]])
    for _ in range(2):
        result = parse(folder, "-o", folder / "all.md")
        assert result.exit_code == 0, result.stderr
    assert list((folder / "all_images").iterdir())


def test_documents_in_folders_of_results_are_read(model, tmp_path):
    for place in ("my_images/a.pdf", "my_images/page.png", "drawn/b.pdf"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        if place.endswith("pdf"):
            write_pdf(tmp_path / place, [["x"]])
        else:
            Image.new("RGB", (400, 400), "white").save(tmp_path / place)
    result = parse(tmp_path, "-o", tmp_path, "--layout-image", tmp_path / "drawn")
    assert result.exit_code == 0, result.stderr
    assert {path.stem for path in tmp_path.glob("*.md")} == {"a", "b", "page"}


def test_layout_images(model, pdf, tmp_path):
    arguments = (pdf, "--layout-image", tmp_path / "drawn", "-o", tmp_path / "out")
    assert parse(*arguments).exit_code == 0
    drawn = sorted(path.name for path in (tmp_path / "drawn").iterdir())
    assert drawn == [f"report-page000{number}.png" for number in (1, 2, 3)]
    with Image.open(tmp_path / "drawn" / drawn[0]) as picture:
        assert picture.size == (400, 400)
        assert len(picture.convert("RGB").getcolors(1 << 16)) > 5
    (tmp_path / "drawn" / drawn[1]).unlink()
    assert parse(*arguments).exit_code == 0
    assert (tmp_path / "drawn" / drawn[1]).exists()


def test_trace(model, pdf):
    result = parse(pdf, "--pages", "1", "--trace", "--format", "json")
    block = json.loads(result.stdout)["pages"][0]["blocks"][0]
    assert "".join(token["text"] for token in block["tokens"]) == block["content"]
    assert set(block["tokens"][0]) == {"text", "confidence", "step"}
    result = parse(pdf, "--trace")
    assert result.exit_code == 2
    assert "JSON and reports only" in result.stderr


def test_trace_survives_a_second_run(model, pdf, tmp_path):
    for _ in range(2):
        result = parse(pdf, "--trace", "--format", "json", "-o", tmp_path / "out")
        assert result.exit_code == 0
        record = json.loads((tmp_path / "out/report.json").read_text())
        assert record["pages"][0]["blocks"][0]["tokens"]


def test_token_limits(model, pdf):
    limits = "--max-tokens", 500, "--max-tokens", "table=4096"
    assert run("parse", pdf, "--pages", 1, *limits).exit_code == 0
    asked = {prompt: options.max_tokens for _, prompt, options in model.asked}
    assert asked == {"layout": 500, "text": 500, "table": 4096}


def test_a_text_that_is_cut_is_a_failure(model, pdf, tmp_path):
    limits = "--max-tokens", "text=4", "--format", "md,json"
    result = run("parse", pdf, "--pages", 1, "-o", tmp_path / "out", *limits)
    assert result.exit_code == 7
    assert "more than 4 tokens" in result.stderr and "--max-tokens" in result.stderr
    record = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert [one["reason"] for one in record["pages"][0]["unread"]] == ["cut"]
    assert [one["page"] for one in record["failures"]] == [1]
    assert "Some words" in (tmp_path / "out" / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["md", "txt", "json", "latex", "html", "content-list"])
def test_a_file_of_someone_else_is_not_written_over(model, pdf, tmp_path, form):
    out = tmp_path / "out"
    assert run("parse", pdf, "-o", out, "--format", form).exit_code == 0
    (made,) = (path for path in out.glob("report.*") if path.is_file())
    theirs = tmp_path / "theirs" / made.name
    theirs.parent.mkdir()
    theirs.write_text("mine", encoding="utf-8")
    refused = run("parse", pdf, "-o", theirs.parent, "--format", form)
    assert refused.exit_code == 2 and "--force" in refused.stderr
    assert theirs.read_text(encoding="utf-8") == "mine"
    assert run("parse", pdf, "-o", theirs.parent, "--format", form, "--force").exit_code == 0
    assert theirs.read_bytes() != b"mine"


def test_scripts_of_the_large_model_pass(model, pdf, tmp_path):
    given = {"text": "10<sup>30</sup> m<sub>e</sub>", "table": "<fcel>10<sup>3</sup><fcel>b<nl>"}
    model.answer = lambda image, prompt: LAYOUT if prompt == "layout" else given[prompt]
    forms = "md,html,latex,txt"
    assert parse(pdf, "--pages", "1", "--format", forms, "-o", tmp_path).exit_code == 0
    written = {path.suffix: path.read_text("utf-8") for path in tmp_path.glob("report.*")}
    for ending in (".md", ".html"):
        assert given["text"] in written[ending] and "10<sup>3</sup>" in written[ending]
    assert "10\\(^{30}\\) m\\textsubscript{e}" in written[".tex"]
    assert "10³⁰ mₑ" in written[".txt"] and "10³\t" in written[".txt"]


@pytest.mark.parametrize("latex", ["\\sqrt" * 2000 + "x", "{" * 3000 + "x" + "}" * 3000])
def test_a_formula_without_end_costs_itself(model, pdf, tmp_path, latex):
    layout = region("equation", (100, 50, 900, 100)) + "\n" + region("text", (100, 150, 900, 300))
    given = {"layout": layout, "formula": latex, "equation": latex, "text": "Some words"}
    model.answer = lambda image, prompt: given[prompt]
    forms = ",".join(("md", "html", "latex", "txt", "json", "content-list", "chunks"))
    options = ("--format", forms, "-o", tmp_path / "out", "--max-tokens", "equation=100000")
    for asked in (3, 0):
        model.asked.clear()
        result = parse(pdf, *options)
        assert result.exit_code == 0, result.stderr
        assert [prompt for _, prompt, _ in model.asked].count("layout") == asked
    written = [path for path in (tmp_path / "out").glob("report.*") if path.is_file()]
    assert len(written) == 7
    assert all("Some words" in path.read_text("utf-8") for path in written)


def test_a_folder_that_is_deleted_meanwhile_is_an_error(model, pdf, tmp_path):
    answer = model.answer

    def delete(image, prompt):
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        return answer(image, prompt)

    model.answer = delete
    result = parse(pdf, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "was deleted or moved" in result.stderr


def test_thresholds(model, pdf):
    arguments = ("--threshold", "0.6", "--threshold", "table=0.98", "--threshold", "layout=0.9")
    assert parse(pdf, "--pages", "1", *arguments).exit_code == 0
    made = {prompt: options.threshold for _, prompt, options in model.asked}
    assert made == {"layout": 0.9, "text": 0.6, "table": 0.98}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--threshold", "high"], "threshold: 'high' is not a number"),
        (["--threshold", "thing=0.5"], "unknown region type 'thing'"),
        (["--threshold", "1.5"], "between 0 and 1"),
        (["--threshold", "95"], "for 95 %, write 0.95"),
        (["--threshold", "table=98"], "for 98 %, write 0.98"),
        (["--mark-doubt", "60"], "for 60 %, write 0.6"),
        (["--engine", "server"], "the engine server needs an address"),
        (["--server", "http://127.0.0.1:9", "--engine", "torch"], "exclude each other"),
        (
            ["--server", "http://127.0.0.1:9", "--format", "json", "--trace"],
            "a server does not report",
        ),
        (["--server", "http://127.0.0.1:9", "--engine", "onnx"], "exclude each other"),
        (["--engine", "magic"], "unknown engine 'magic'"),
        (["--jobs", "0"], "jobs must be at least 1"),
        (["--format", "word"], "unknown format 'word'"),
        (["--format", "md,json"], "2 formats need a folder"),
        (["--pages", "4"], "beyond the end"),
        (["--pages", "x"], "not a page range"),
        (["--steps", "64"], "steps must be between 1 and the block length 32"),
    ],
)
def test_wrong_usage(model, pdf, arguments, message):
    result = parse(pdf, *arguments)
    assert result.exit_code == 2, result.stderr
    assert message in result.stderr
    assert result.stdout == ""


def answer_chat(image: Image.Image, prompt: str) -> str:
    known = {"\nLayout Detection:": "layout", "\nTable Recognition:": "table"}
    return answer(image, known.get(prompt, "text"))


def test_a_model_behind_a_server(pdf, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "secret")
    with ChatServer(answer_chat) as server:
        result = parse(
            pdf, "--server", server.url, "--threshold", "0.6", "-o", tmp_path / "out.json"
        )
    assert result.exit_code == 0, result.stderr
    read = document(tmp_path / "out.json")
    assert read.model == "mineru-diffusion"
    assert [block.content for block in read.pages[2].blocks][:2] == ["Some words", "Some words"]
    assert {chat["dynamic_threshold"] for chat in server.chats} == {0.6}
    assert not any(chat["skip_special_tokens"] for chat in server.chats)
    assert set(server.keys) == {"Bearer none"}


def test_a_server_that_fails_once_is_asked_again(pdf):
    with ChatServer(answer_chat) as server:
        server.statuses = [500]
        result = parse(pdf, "--server", server.url)
    assert result.exit_code == 0, result.stderr
    assert "# Some words" in result.stdout


def test_a_server_that_fails_always(pdf):
    with ChatServer(answer_chat) as server:
        server.statuses = [500] * 99
        result = parse(pdf, "--server", server.url)
    assert result.exit_code == 6
    assert "gives no answer" in result.stderr
    assert "out of memory" not in result.stderr


def test_a_text_that_a_server_refuses_is_left_out(pdf, tmp_path):
    with ChatServer(answer_chat) as server:
        server.statuses = [400]
        result = parse(pdf, "--server", server.url, "--batch-size", 1, "-o", tmp_path / "out.json")
    assert result.exit_code == 7
    assert "out of memory" not in result.stderr
    assert [page.number for page in document(tmp_path / "out.json").pages] == [2, 3]


def test_a_server_that_is_gone_ends_the_run(tmp_path):
    path = write_pdf(tmp_path / "long.pdf", [["x"]] * 20)
    with ChatServer(answer_chat) as server:
        server.statuses = [400] * 99
        result = parse(path, "--server", server.url, "-o", tmp_path / "out")
    assert result.exit_code == 6
    assert result.stderr.count("failed: ") == 5
    assert len(server.keys) < 20


def test_nobody_waits_for_a_server_that_hangs(pdf):
    asked, end = threading.Event(), threading.Event()
    script = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from mdocr.cli.main import run
run()
"""

    def hang(image, prompt):
        asked.set()
        end.wait(60)
        return ""

    with ChatServer(hang) as server:
        command = [sys.executable, "-c", script, "parse", str(pdf), "--server", server.url]
        program = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        assert asked.wait(60)
        began = time.monotonic()
        program.send_signal(signal.SIGINT)
        assert program.wait(60) == 130
        assert time.monotonic() - began < 30
        end.set()


def test_no_server_at_the_address(pdf):
    result = parse(pdf, "--server", "http://127.0.0.1:9")
    assert result.exit_code == 6
    assert "gives no answer" in result.stderr


def test_reading_through_a_server_needs_no_torch(pdf):
    script = """
import sys
from mdocr.cli.main import app
try:
    app(sys.argv[1:])
except SystemExit as end:
    sys.exit("torch" if "torch" in sys.modules else end.code)
"""
    with ChatServer(answer_chat) as server:
        command = [sys.executable, "-c", script, "parse", str(pdf), "--server", server.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Some words" in done.stdout


def test_standard_input(model, pdf, tmp_path):
    piped = CliRunner().invoke(app, ["parse", "-", "--dpi", "72"], input=pdf.read_bytes())
    assert piped.exit_code == 0, piped.stderr
    assert piped.stdout == parse(pdf).stdout
    folder = tmp_path / "out"
    arguments = ["parse", "-", "--dpi", "72", "--format", "json", "-o", str(folder)]
    assert CliRunner().invoke(app, arguments, input=pdf.read_bytes()).exit_code == 0
    assert document(folder / "stdin.json").source.path == "-"


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "nothing came on standard input"), (b"words", "- is neither a PDF nor a picture")],
)
def test_standard_input_that_is_no_document(model, content, message):
    result = CliRunner().invoke(app, ["parse", "-"], input=content)
    assert result.exit_code == 3
    assert message in result.stderr


@pytest.mark.parametrize("place", ["file.txt/out", "file.txt/out.md"])
def test_output_that_cannot_be_written(model, pdf, tmp_path, place):
    (tmp_path / "file.txt").write_text("")
    result = parse(pdf, "-o", tmp_path / place)
    assert result.exit_code == 2
    assert "cannot write" in result.stderr
    assert not model.asked


@pytest.mark.parametrize("command", ["parse", "read"])
def test_an_input_is_not_written_over(model, pdf, tmp_path, command):
    before = pdf.read_bytes()
    (tmp_path / "link.md").symlink_to(pdf)
    for place in (pdf, tmp_path / "link.md"):
        result = run(command, pdf, "--format", "md", "-o", place)
        assert result.exit_code == 2
        assert "would be written over" in result.stderr
    assert pdf.read_bytes() == before and not model.asked


def test_a_document_that_cannot_be_written_among_others(model, pdf, tmp_path):
    others = [write_pdf(tmp_path / f"{name}.pdf", [["x"]]) for name in ("a", "z")]
    (tmp_path / "out/report.md").mkdir(parents=True)
    result = parse(others[0], pdf, others[1], "-o", tmp_path / "out")
    assert result.exit_code == 7
    assert "report.pdf: cannot write" in result.stderr
    assert (tmp_path / "out/a.md").is_file() and (tmp_path / "out/z.md").is_file()
    model.asked.clear()
    (tmp_path / "out/report.md").rmdir()
    assert parse(pdf, "-o", tmp_path / "out").exit_code == 0
    assert not model.asked  # what was read had been kept
    (tmp_path / "out/report.md").unlink()
    (tmp_path / "out/report.md").mkdir()
    assert parse(pdf, "-o", tmp_path / "out").exit_code == 2


@pytest.mark.parametrize("writer", ["document.saving.written_whole", "batch.resume.write_text"])
def test_a_full_disk_ends_the_run(model, pdf, tmp_path, monkeypatch, writer):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(f"mdocr.{writer}", full)
    result = parse(write_pdf(tmp_path / "a.pdf", [["x"]]), pdf, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "No space left" in result.stderr


def test_progress_that_cannot_be_kept_is_only_said(model, tmp_path):
    pdfs = [write_pdf(tmp_path / f"{stem}.pdf", [["x"]]) for stem in ("a", "z")]
    (tmp_path / "out/.a.progress.jsonl").mkdir(parents=True)
    result = parse(*pdfs, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert "cannot be kept for a later run" in result.stderr
    assert (tmp_path / "out/a.md").is_file() and (tmp_path / "out/z.md").is_file()


def test_progress_that_cannot_be_kept_is_said_once(model, tmp_path):
    path = write_pdf(tmp_path / "a.pdf", [["x"]] * 9)
    (tmp_path / "out/.a.progress.jsonl").mkdir(parents=True)
    result = parse(path, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert result.stderr.count("cannot be kept for a later run") == 1


def test_read_leaves_out_what_it_made(model, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    write_pdf(folder / "a.pdf", [["x"]])
    for _ in range(2):
        result = run("read", folder, "-o", folder)
        assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    assert list((folder / "a_images").iterdir())


def test_several_documents_need_a_folder(model, pdf, tmp_path):
    other = write_pdf(tmp_path / "other.pdf", [["x"]])
    for place in ([], ["-o", "-"], ["-o", tmp_path / "all.md"]):
        result = parse(pdf, other, *place)
        assert result.exit_code == 2
        assert "need a folder" in result.stderr


def encrypted(path: Path) -> Path:
    return write_pdf(
        path, [["x"]], encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="open", owner_pw="own"
    )


def bad_inputs(folder: Path) -> dict[str, Path]:
    whole = write_pdf(folder / "whole.pdf", [["x"]]).read_bytes()
    (folder / "cut.pdf").write_bytes(whole[:60])
    (folder / "text.pdf").write_text("no PDF at all")
    (folder / "markdown.pdf").write_text("# No PDF\n\nbut **Markdown**, which MuPDF would open\n")
    (folder / "empty.png").write_bytes(b"")
    (folder / "odd.bin").write_bytes(b"\x00\x01")
    names = ("cut.pdf", "text.pdf", "markdown.pdf", "empty.png", "odd.bin", "missing.pdf")
    return {name: folder / name for name in names}


@pytest.mark.parametrize(
    "name", ["cut.pdf", "text.pdf", "markdown.pdf", "empty.png", "odd.bin", "missing.pdf"]
)
def test_bad_input(model, tmp_path, name):
    result = parse(bad_inputs(tmp_path)[name])
    assert result.exit_code == 3, result.stderr
    assert name in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")  # said once, though it ends the program too
    assert result.stderr.count("Error: ") == 1


def test_passwords(model, tmp_path):
    path = encrypted(tmp_path / "locked.pdf")
    result = parse(path)
    assert result.exit_code == 3
    assert "it needs a password" in result.stderr
    assert "--password" in result.stderr
    result = parse(path, "--password", "wrong")
    assert result.exit_code == 3
    assert "the password is wrong" in result.stderr
    assert parse(path, "--password", "open").exit_code == 0


def test_a_page_of_two_hundred_inches(model, tmp_path):
    with pymupdf.open() as book:
        book.new_page(width=14400, height=14400)
        book.save(tmp_path / "wall.pdf")
    result = parse(tmp_path / "wall.pdf", "-o", tmp_path / "wall.json", "--pages", "1")
    assert result.exit_code == 0, result.stderr
    assert document(tmp_path / "wall.json").pages[0].width == 14400


def test_control_characters_in_names_are_shown_as_escapes(model, pdf, tmp_path):
    bad = tmp_path / "\x1b[2J.pdf"
    bad.write_text("no PDF at all")
    for command in ("parse", "read"):
        result = run(command, bad, pdf, "-o", tmp_path / "out")
        assert result.exit_code == 7
        assert "\x1b" not in result.stderr
        assert r"\x1b[2J.pdf" in result.stderr


def test_bad_documents_among_good_ones(model, pdf, tmp_path):
    bad = bad_inputs(tmp_path)
    result = parse(bad["text.pdf"], pdf, tmp_path / "missing.pdf", "-o", tmp_path / "out")
    assert result.exit_code == 7
    assert "text.pdf" in result.stderr
    assert "missing.pdf" in result.stderr
    assert (tmp_path / "out/report.md").exists()
    assert not (tmp_path / "out/text.md").exists()
    result = parse(bad["text.pdf"], bad["cut.pdf"], "-o", tmp_path / "out")
    assert result.exit_code == 3
    assert "none of the 2 inputs" in result.stderr


def test_a_tiff_that_was_cut_short(tmp_path):
    sheets = [Image.new("L", (500, 500), 255)] * 3
    sheets[0].save(tmp_path / "whole.tif", save_all=True, append_images=sheets[1:])
    content = (tmp_path / "whole.tif").read_bytes()
    (tmp_path / "cut.tif").write_bytes(content[: len(content) * 2 // 3 + 60])  # in its tags
    command = [sys.executable, "-m", "mdocr", "parse", "cut.tif", "--dpi", "72"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("WARNING: cut.tif is cut short after page 2")
    assert "UserWarning" not in done.stderr


def picky(model: FakeParser, error: Exception, bad: int) -> None:
    """Lets one layout, or all (0), fail."""
    request, layouts = model.request, []

    def refuse(image, prompt, options):
        layouts.extend([prompt] * (prompt == "layout"))
        if prompt == "layout" and bad in (0, len(layouts)):
            raise error
        return request(image, prompt, options)

    model.request = refuse


def test_a_page_that_fails(model, pdf, tmp_path):
    picky(model, InputError("a bad page", "Scan it again."), bad=2)
    result = parse(pdf, "-o", tmp_path / "out", "--format", "json,md")
    assert result.exit_code == 7
    assert f"failed: {pdf}, page 2: a bad page\nScan it again." in result.stderr
    read = document(tmp_path / "out/report.json")
    assert [page.number for page in read.pages] == [1, 3]
    assert [(failure.page, failure.message) for failure in read.failures] == [(2, "a bad page")]


@pytest.mark.parametrize(("error", "code"), [(DeviceError("full"), 6), (InputError("bad"), 3)])
def test_all_pages_fail(model, pdf, tmp_path, error, code):
    picky(model, error, bad=0)
    result = parse(pdf, "-o", tmp_path / "out")
    assert result.exit_code == code
    assert not (tmp_path / "out/report.md").exists()


def test_several_documents_that_fail_alike(model, pdf, tmp_path):
    other = write_pdf(tmp_path / "other.pdf", [["x"]])
    picky(model, DeviceError("full"), bad=0)
    result = parse(pdf, other, "-o", tmp_path / "out")
    assert result.exit_code == 6
    assert "none of the 2 inputs" in result.stderr
    assert parse(pdf, tmp_path / "none.pdf", "-o", tmp_path / "out").exit_code == 3


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--device", "cuda:99"], 6),
        (["--device", "gpu"], 2),
        (["--dtype", "int4"], 2),
        (["--engine", "onnx", "--dtype", "bfloat16"], 2),
    ],
)
@pytest.mark.parametrize("output", ["out.md", "out"])
def test_nothing_is_downloaded_in_vain(
    pdf, tmp_path, cache_folder, monkeypatch, arguments, code, output
):
    def download(model):
        raise AssertionError("a download")

    monkeypatch.setattr("mdocr.weights.download.download", download)
    place = ["--model", "mineru-diffusion", "-o", tmp_path / output]
    assert parse(pdf, *place, *arguments).exit_code == code


def test_no_model_installed(pdf, cache_folder, monkeypatch):
    monkeypatch.setattr("mdocr.weights.cache.CachedModel.installed", False)
    for name in ("auto", "lite"):
        result = parse(pdf, "--model", name)
        assert result.exit_code == 4
        assert "mdocr models download mineru-diffusion" in result.stderr
        assert "--model FOLDER" in result.stderr


@pytest.mark.parametrize(
    ("line", "fontname", "told"),
    [
        ("本标准规定了职业健康安全管理体系要求，并给出了使用指南", "china-s", True),
        ("This standard specifies requirements for a system.", "helv", False),
    ],
)
def test_a_script_that_lite_cannot_read_is_told(tmp_path, caplog, line, fontname, told):
    with pymupdf.open() as document:
        page = document.new_page(width=400, height=400)
        for row in range(8):
            page.insert_text((40, 60 + 40 * row), line, fontsize=12, fontname=fontname)
        document.save(tmp_path / "page.pdf")
    options = ("--model", "lite", "--text-layer", "ignore", "--workers", "0")
    assert parse(tmp_path / "page.pdf", *options).exit_code == 0
    assert ("--model mineru-diffusion" in caplog.text) is told


def test_program_with_a_tiny_model(tmp_path, pdf):
    """Both tiny models through the program itself: stdout holds the document and nothing else."""
    folder = save_tiny_line_reader(tmp_path / "model")
    command = [sys.executable, "-m", "mdocr", "parse", str(pdf), "--model", str(folder)]
    options = ["--device", "cpu", "--format", "json", "--jobs", "2", "--pages", "1-2"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["model"] == "model"
    assert [page["number"] for page in record["pages"]] == [1, 2]


class TestRead:
    @pytest.fixture
    def word(self, tmp_path: Path) -> Path:
        picture = Image.new("RGB", (60, 20), "white")
        ImageDraw.Draw(picture).text((4, 4), "two", fill="black")
        picture.save(tmp_path / "word.png")
        return tmp_path / "word.png"

    @pytest.fixture
    def word_model(self, golden, cache_folder) -> str:
        return str(golden / "mdiff4str/tiny_best.pth")

    def read(self, word_model: str, *arguments: object) -> Result:
        return run("read", *arguments, "--word-model", word_model, "--device", "cpu")

    def test_help_states_the_rule(self):
        assert "400 pixels" in " ".join(run("read", "--help").stdout.split())

    def test_documents_and_words_in_their_order(self, model, pdf, word, word_model):
        result = self.read(word_model, word, pdf, word)
        assert result.exit_code == 0, result.stderr
        lines = result.stdout.splitlines()
        assert lines[0].startswith(f"{word}\t")
        assert lines[1] == f"<!-- {pdf} -->"
        assert lines[2] == "# Some words"
        assert lines[-1] == lines[0]

    def test_single_inputs_come_alone(self, model, pdf, word, word_model):
        assert "\t" not in self.read(word_model, word).stdout
        assert self.read(word_model, pdf).stdout.startswith("# Some words")

    def test_the_rule_can_be_overruled(self, model, word, word_model):
        assert self.read(word_model, word, "--as", "page").stdout.startswith("Some words\n\n# Some")
        assert self.read(word_model, word, "--as", "leaf").exit_code == 2

    def test_documents_to_a_folder(self, model, pdf, word, word_model, tmp_path):
        result = self.read(word_model, pdf, word, "-o", tmp_path / "out")
        assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
        assert (tmp_path / "out/report.md").exists()

    def test_pages_are_read_anew_if_asked_for(self, model, pdf, word_model, tmp_path):
        for arguments, layouts in (([], 3), ([], 0), (["--no-resume"], 3)):
            model.asked.clear()
            result = self.read(word_model, pdf, "-o", tmp_path / "out", *arguments)
            assert result.exit_code == 0
            assert [prompt for _, prompt, _ in model.asked].count("layout") == layouts

    def test_options_of_documents(self, model, pdf, tmp_path):
        given = ("--pages", "2-3", "--threshold", "0.6", "--threshold", "table=0.98")
        result = run("read", pdf, "--format", "json", *given)
        assert result.exit_code == 0, result.stderr
        assert [page["number"] for page in json.loads(result.stdout)["pages"]] == [2, 3]
        asked = {prompt: options.threshold for _, prompt, options in model.asked}
        assert asked == {"layout": 0.6, "text": 0.6, "table": 0.98}
        marked = run("read", pdf, "--page-marks", "-o", tmp_path / "a.txt")
        assert marked.exit_code == 0, marked.stderr
        text = (tmp_path / "a.txt").read_text("utf-8")
        assert all(f"--- page {number} ---" in text for number in (1, 2, 3))

    def test_a_page_may_be_read_as_a_word(self, model, word_model, tmp_path):
        cases.picture_of(cases.paragraph).save(tmp_path / "page.png")
        result = self.read(word_model, tmp_path / "page.png", "--as", "word")
        assert result.exit_code == 0, result.stderr
        assert result.stdout.count("\n") == 1 and not model.asked

    def test_failures(self, model, pdf, word, word_model, tmp_path):
        (tmp_path / "bad.pdf").write_text("text")
        result = self.read(word_model, tmp_path / "bad.pdf", word)
        assert result.exit_code == 7
        assert "bad.pdf" in result.stderr
        assert self.read(word_model, tmp_path / "bad.pdf").exit_code == 3
        assert self.read(word_model, tmp_path / "none.png").exit_code == 3

    @pytest.mark.parametrize(
        ("kind", "prompts", "content"),
        [
            ("text", ["text"], "Some words"),
            ("table", ["table"], "<td>a</td>"),
            ("layout", ["layout"], '"type": "title"'),
        ],
    )
    def test_single_regions(self, model, word, kind, prompts, content):
        result = run("read", word, "--as", kind)
        assert result.exit_code == 0, result.stderr
        assert content in result.stdout
        assert [prompt for _, prompt, _ in model.asked] == prompts

    def test_several_regions_carry_their_paths(self, model, word, tmp_path):
        missing = tmp_path / "missing.png"
        missing.write_bytes(b"no picture")
        result = run("read", word, missing, "--as", "text")
        assert result.exit_code == 7
        assert result.stdout == f"<!-- {word} -->\nSome words\n"
        layouts = run("read", word, word, "--as", "layout").stdout.splitlines()
        assert [json.loads(line)["path"] for line in layouts] == [str(word)] * 2

    def test_a_prompt_of_the_users_own(self, model, word):
        result = run("read", word, "--prompt", "What is it?", "--max-tokens", 50)
        assert (result.exit_code, result.stdout) == (0, "Some words\n")
        ((_, prompt, options),) = model.asked
        assert (prompt, options.max_tokens) == ("What is it?", 50)

    def test_a_reader_of_lines_takes_no_prompt(self, model, word):
        model.reads_lines = True
        result = run("read", word, "--prompt", "What is it?")
        assert result.exit_code == 2
        assert "takes no prompt" in result.stderr and "--page-model" in result.stderr

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--as", "table", "-o", "x.md"],
            ["--as", "text", "--format", "md"],
            ["--prompt", "What?", "--as", "text"],
            ["--prompt", "What?", "-o", "x.md"],
            ["--as", "picture"],
            ["--max-tokens", "many"],
            ["--max-tokens", "stamp=3"],
            ["--max-tokens", "0"],
        ],
    )
    def test_wrong_usage_of_regions(self, model, word, arguments):
        result = run("read", word, *arguments)
        assert result.exit_code == 2
        assert "Error:" in result.stderr and not model.asked
