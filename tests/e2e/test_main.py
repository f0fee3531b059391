"""The entry: global options, start-up, and every kind of error with its exit code."""

import errno
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import mdocr
from mdocr import errors
from mdocr.batch.outputs import open_output
from mdocr.cli import console
from mdocr.cli.main import RootGroup, app, flags_first, options

HEAVY = ("torch", "numpy", "onnxruntime", "PIL", "pymupdf", "huggingface_hub", "cv2")


def run(*arguments: str, **keywords) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mdocr", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **keywords)


def test_help_and_import_are_light():
    code = f"""
import sys, mdocr
from mdocr.cli.main import app
try:
    app(["--help"])
except SystemExit:
    pass
print([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)
"""
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "models" in made.stdout
    assert made.stderr == "[]\n"


def test_version():
    made = run("--version")
    assert (made.returncode, made.stdout) == (0, f"mdocr {mdocr.__version__}\n")


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["version"], ["--version"]),
        (["help"], ["--help"]),
        (["help", "parse"], ["parse", "--help"]),
        (["help", "models", "download"], ["models", "download", "--help"]),
        (["-q", "help", "read"], ["-q", "read", "--help"]),
    ],
)
def test_help_and_version_may_be_asked_for_in_words(words, options):
    asked, meant = (CliRunner().invoke(app, one) for one in (words, options))
    assert asked.exit_code == meant.exit_code == 0
    assert asked.stdout == meant.stdout != ""


def test_nothing_is_reported_to_others_and_left_in_the_home_folder(tmp_path):
    reports = ("ORT_DISABLE_TELEMETRY", "RAY_USAGE_STATS_ENABLED")
    kept = {name: value for name, value in os.environ.items() if name not in reports}
    word = Path(__file__).parents[2] / "docs/samples/words/01.png"
    made = run("recognize", str(word), "--engine", "onnx", env={**kept, "HOME": str(tmp_path)})
    assert made.returncode == 0, made.stderr
    assert not list(tmp_path.rglob("*"))  # ONNX Runtime would keep there what it is to send


@pytest.mark.parametrize("arguments", [["nothing"], ["--nothing"], ["models", "path"], []])
def test_wrong_usage_ends_with_2(arguments):
    made = CliRunner().invoke(app, arguments)
    assert made.exit_code == 2
    assert "Usage" in made.stderr or not arguments


def program(failure: BaseException | None) -> typer.Typer:
    """An entry with one subcommand, which fails."""
    made = typer.Typer(cls=RootGroup, rich_markup_mode=None)
    made.callback()(options)

    @made.command()
    def act(name: str = "") -> None:
        typer.echo("before")
        if failure:
            raise failure

    return made


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (None, 0),
        (errors.MdocrError("it broke"), 1),
        (errors.UsageError("it broke"), 2),
        (errors.InputError("it broke"), 3),
        (errors.WeightsError("it broke"), 4),
        (errors.MissingExtraError("lmdb", "train", "it broke"), 5),
        (errors.DeviceError("it broke"), 6),
        (errors.PartialFailureError("it broke"), 7),
        (ValueError("it broke"), 1),
        (ConnectionError("it broke"), 1),
        (PermissionError(13, "it broke", "out/a.md"), 2),
        (OSError(errno.ENOSPC, "it broke"), 2),
        (OSError(errno.EMFILE, "it broke"), 6),
        (BlockingIOError(errno.EAGAIN, "it broke"), 6),
        (KeyboardInterrupt(), 130),
        (typer.Exit(9), 9),
    ],
)
def test_exit_codes(failure, code):
    made = CliRunner().invoke(program(failure), ["act"])
    assert made.exit_code == code
    assert made.stdout == "before\n"
    assert ("Error: " in made.stderr) == ("it broke" in made.stderr) == ("broke" in str(failure))
    assert "Traceback" not in made.stderr
    assert "\x1b" not in made.stderr


def test_the_hint_and_the_users_text_are_shown_as_they_are():
    failure = errors.InputError(
        "cannot read [red]x[/red] \x1b[2J:smile: " + "long " * 40, "Do that."
    )
    made = CliRunner().invoke(program(failure), ["act"])
    assert made.stderr.splitlines() == [
        "Error: cannot read [red]x[/red] \\x1b[2J:smile: " + "long " * 40,
        "Do that.",
    ]


def test_an_unexpected_error_is_one_line_and_a_way_to_see_more():
    made = CliRunner().invoke(program(KeyError("it broke\nand more")), ["act"])
    assert made.stderr.splitlines() == [
        "Error: KeyError: 'it broke\\nand more'",
        "Run again with --verbose to see the traceback.",
    ]


@pytest.mark.parametrize("arguments", [["--verbose", "act"], ["act", "-v"]])
def test_the_traceback_is_shown_when_asked_for(arguments):
    made = CliRunner().invoke(program(ValueError("it broke")), arguments)
    assert made.exit_code == 1
    assert "Traceback" in made.stderr
    assert "in act" in made.stderr
    assert made.stdout == "before\n"


def test_memory_that_runs_out_is_an_error_of_the_device():
    torch = pytest.importorskip("torch")
    messages = ["MPS backend out of memory", "CUBLAS_STATUS_ALLOC_FAILED"]
    silent = [torch.OutOfMemoryError("CUDA out of memory"), MemoryError()]
    for failure in [*silent, *map(RuntimeError, messages)]:
        made = CliRunner().invoke(program(failure), ["act"])
        assert made.exit_code == 6
        assert "--batch-size" in made.stderr


def test_a_place_that_cannot_be_written_is_named():
    failure = PermissionError(13, "Permission denied", "out/a.md")
    made = CliRunner().invoke(program(failure), ["act"])
    assert made.stderr.splitlines() == [
        "Error: cannot use 'out/a.md': Permission denied",
        "Give a place that you may write to, with room for the files.",
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_a_full_disk_is_found_when_the_file_is_closed():
    full = pytest.raises(errors.UsageError, match="cannot write '/dev/full'")
    with full, open_output(Path("/dev/full")) as stream:
        stream.write("words")


def test_control_characters_do_not_reach_the_terminal(capsys):
    console.configure()
    console.say("cannot be read: \x1b[2Ja\u202e\u3000b.png")
    logging.getLogger("mdocr.test").warning("left out: %s", "\x1b[2Jc.png")
    assert capsys.readouterr().err == (
        "cannot be read: \\x1b[2Ja\\u202e\u3000b.png\nWARNING: left out: \\x1b[2Jc.png\n"
    )


def test_flags_may_stand_anywhere_but_behind_two_dashes():
    assert flags_first(["act", "-v", "x", "--quiet"]) == ["-v", "--quiet", "act", "x"]
    assert flags_first(["act", "--", "-v"]) == ["act", "--", "-v"]


def test_a_reader_that_goes_away_is_no_error():
    code = """
import typer
from test_main import program
made = program(None)
@made.command()
def talk() -> None:
    for _ in range(100_000):
        typer.echo("a line of text")
made()
"""
    talker = subprocess.Popen(
        [sys.executable, "-c", code, "talk"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join([str(Path.cwd()), str(Path(__file__).parent)])},
    )
    assert talker.stdout.readline() == b"a line of text\n"
    talker.stdout.close()
    assert talker.stderr.read() == b""
    talker.stderr.close()
    assert talker.wait() == 0
