"""The table of commands, what the help of the program imports, and the columns of tables."""

import dataclasses
import re
import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from typer.testing import CliRunner

from mdocr.batch.mixed import KINDS
from mdocr.batch.words import WORD_FORMATS
from mdocr.cli import eval_report, main
from mdocr.cli.tables import Column
from mdocr.decoding.words import DECODERS
from mdocr.evaluation.labelled_sets import FORMULAS, LINES
from mdocr.evaluation.pages import PageScores
from mdocr.evaluation.pages import summary as page_summary
from mdocr.evaluation.suites import SUITES
from mdocr.evaluation.words import WordScores
from mdocr.options import (
    BOXES,
    DRAFTS,
    ENGINES,
    LAYOUTS,
    MATH_FORMS,
    PAGE_DTYPES,
    PARSE_ENGINES,
    STEPPED_DECODERS,
    TABLE_FORMS,
    TEXT_LAYERS,
    WORD_DECODERS,
    WORD_DRAFTS,
    RecognizeOptions,
)
from mdocr.render import FORMATS
from mdocr.training.run_files import shipped_runs
from mdocr.weights.registry import MODELS, names


def imported_by_help() -> list[str]:
    """Names of the modules that stand in ``sys.modules`` after ``mdocr --help``."""
    code = "import sys, mdocr.cli.main as m\ntry:\n m.app(['--help'])\nexcept SystemExit:\n pass\n"
    code += "print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(name in done.stdout for name in main.COMMANDS)
    return done.stderr.split()


def test_the_help_of_the_program_imports_no_command_and_nothing_heavy():
    loaded = set(imported_by_help())
    assert "mdocr.cli.main" in loaded
    assert not loaded & {module for module, _ in main.COMMANDS.values()}
    assert not loaded & {"torch", "onnxruntime", "pymupdf", "fitz", "numpy", "PIL"}


@pytest.mark.parametrize("name", main.COMMANDS)
def test_the_table_of_commands_says_what_the_command_says(name: str):
    command = main.RootGroup().get_command(None, name)
    text = command.help or command.callback.__doc__
    assert main.COMMANDS[name][1] == text.strip().splitlines()[0]


def commands() -> list[tuple[str, object]]:
    """Every command that can be run, with its full name."""
    found = []
    for name in main.COMMANDS:
        command = main.RootGroup().get_command(None, name)
        parts = getattr(command, "commands", {"": command})
        found += [(f"{name} {part}".strip(), each) for part, each in parts.items()]
    return found


@pytest.mark.parametrize(("name", "command"), commands(), ids=[name for name, _ in commands()])
def test_every_command_shows_examples_that_run_it(name: str, command: object):
    assert command.epilog, "no examples"
    assert f"mdocr {name}" in command.epilog


DEVICES = ["auto", "cpu", "cuda", "mps"]
CHOICES = [
    ("parse", [*FORMATS, *names("parser"), *PAGE_DTYPES, *PARSE_ENGINES, *TEXT_LAYERS, *DRAFTS]),
    ("parse", [*TABLE_FORMS, *MATH_FORMS, *BOXES, *LAYOUTS, *DEVICES]),
    ("read", [*FORMATS, *KINDS, *ENGINES, *DEVICES]),
    (
        "recognize",
        [*WORD_FORMATS, *WORD_DECODERS, *names("recognizer"), *ENGINES, *WORD_DRAFTS, *DEVICES],
    ),
    ("train recognizer", [name for name in shipped_runs() if name.startswith("recognizer")]),
    ("train parser", [name for name in shipped_runs() if name.startswith("parser")]),
    ("eval recognizer", [*SUITES, *WORD_DECODERS, *names("recognizer")]),
    ("models download", [name for name in MODELS if not name.endswith("lite")]),
]


@pytest.mark.parametrize(("name", "choices"), CHOICES)
def test_every_choice_is_in_the_help(name: str, choices: Sequence[str]):
    done = CliRunner().invoke(main.app, [*name.split(), "--help"], terminal_width=200)
    assert done.exit_code == 0
    words = set(re.findall(r"[\w:-]+", done.stdout))
    assert not set(choices) - words


@pytest.mark.parametrize("name", ["parse", "read", "recognize"])
def test_the_options_that_a_user_needs_come_first(name: str):
    help_text = CliRunner().invoke(main.app, [name, "--help"]).stdout
    places = [help_text.index(option) for option in ("--output", "--format", "--device")]
    assert places == sorted(places)
    assert max(places) < help_text.index("--engine")


@dataclasses.dataclass
class Asked:
    """Options that note which of their values are read."""

    options: RecognizeOptions
    names: set[str] = dataclasses.field(default_factory=set)

    def __getattr__(self, name: str):
        self.names.add(name)
        return getattr(self.options, name)


def predict(tokens: np.ndarray, rows: np.ndarray | None) -> np.ndarray:
    """Logits of a word of four letters."""
    count = len(tokens) if rows is None else len(rows)
    logits = np.zeros((count, tokens.shape[1], 5), np.float32)
    logits[:, :4, 1] = 5
    logits[:, 4:, 0] = 5
    return logits


def test_the_stepped_decoders_are_those_that_ask_for_steps():
    stepped = set()
    for name, decoder in DECODERS.items():
        asked = Asked(RecognizeOptions(name))
        decoder(predict, np.full((1, 8), 5), asked)
        stepped |= {name} if "steps" in asked.names else set()
    assert stepped == set(STEPPED_DECODERS)
    assert set(DECODERS) == set(WORD_DECODERS)


def shown(columns: Sequence[Column]) -> set[str]:
    return {column.key for column in columns}


def test_every_score_of_words_has_a_column():
    scores = WordScores(1, 1.0, 1.0)
    assert {field.name for field in dataclasses.fields(scores)} == set(scores.to_dict())
    assert set(scores.to_dict()) <= shown(eval_report.WORD_COLUMNS)


def test_every_score_of_pages_and_formulas_has_a_column():
    score = PageScores("a", "", 1.0, 0.0)
    assert set(page_summary([score])) <= shown(eval_report.PAGE_COLUMNS)
    for kind in (FORMULAS, LINES):
        assert set(kind.summary([])) <= shown(eval_report.LABELLED_COLUMNS[kind.name])
    single = shown(eval_report.page_columns(per_page=True))
    assert set(eval_report.SCORES_OF_A_PAGE) <= single
    assert single <= set(score.to_dict())
