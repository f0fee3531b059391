"""A tiny model, tiny pictures and tiny runs, for the tests of training."""

from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

from mdocr.cli.main import app
from mdocr.training.corrections.runs import run_values
from mdocr.training.line_reader.trainer import LineReaderLoss, LineReaderRun, LineReaderTask
from mdocr.training.processes import Processes
from mdocr.training.run_files import fill

WORDS = ("Hall", "EXIT", "42", "cafe", "Wien", "no", "Bar7", "open", "Zoo", "mild", "I", "Gate5")

TINY = """
[model.sizes.encoder]
dims = [8, 8, 16]
depths = [1, 1, 1]
heads = [2, 2, 2]
convolutions = [1, 0, 0]
strides = [[2, 1], [2, 1]]
drop_path = {rate}

[model.sizes.decoder]
layers = 1
heads = 2
max_length = 8
dropout = {rate}

[data]
sources = [{{ kind = "folder", path = "{data}" }}]
workers = 0

[optimizer]
learning_rate = 1e-3
average = 0.9

[run]
output = "{output}"
steps = 20
batch_size = 4
log_every = 5
evaluate_every = 0
"""


def write_word(path: Path, text: str, size: tuple[int, int] = (0, 32)) -> None:
    """A picture of ``text`` in the built-in font; a width of 0 is that of the text."""
    font = ImageFont.load_default(20)
    width = size[0] or int(font.getlength(text)) + 8
    picture = Image.new("RGB", (width, size[1]), (230, 225, 210))
    ImageDraw.Draw(picture).text((4, 4), text, (20, 30, 60), font)
    picture.save(path)


def write_folder(folder: Path, words: tuple[str, ...] = WORDS) -> Path:
    """A folder of pictures with ``labels.tsv``."""
    folder.mkdir(parents=True)
    rows = []
    for number, text in enumerate(words):
        write_word(folder / f"{number}.png", text)
        rows.append(f"{number}.png\t{text}\n")
    (folder / "labels.tsv").write_text("".join(rows), "utf-8")
    return folder


def write_run(folder: Path, rate: float = 0.1) -> Path:
    """A run in ``folder`` on pictures there; ``rate`` is that of dropout and of dropped paths."""
    data = folder / "words"
    if not data.exists():
        write_folder(data)
    run = folder / "run.toml"
    text = TINY.format(data=data.as_posix(), output=(folder / "out").as_posix(), rate=rate)
    run.write_text(text, "utf-8")
    return run


def losses_of_training(table: Path, model: Path, output: Path) -> tuple[float, float]:
    """The loss of corrected lines before and after ``mdocr train parser --corrections``."""
    changes = [
        f'model.start="{model}"',
        f'run.output="{output}"',
        'run.precision="fp32"',
        "run.steps=25",
        "run.batch_size=1",
        "data.workers=0",
        "data.corrections_share=1",
        "data.formula_share=0",
        "data.block_lengths=[16]",
        "optimizer.learning_rate=3e-3",
    ]
    run = fill(run_values("parser", None, changes, [table]), LineReaderRun)

    def loss(start: str) -> float:
        """Over the same ten draws of noise and jitter."""
        own = replace(run, model=replace(run.model, start=start))
        task = LineReaderTask(own, Processes(0, 1, torch.device("cpu")))
        module = LineReaderLoss(task.model, own, task.processes).eval()
        with torch.no_grad():
            found = [module(next(task.batches(n)), n) for n in range(10)]
        return float(sum(sum(each.values()) for each in found)) / 10

    sets = [part for change in changes for part in ("--set", change)]
    trained = CliRunner().invoke(app, ["train", "parser", "--corrections", str(table), *sets])
    assert trained.exit_code == 0, trained.output
    return loss(str(model)), loss(trained.stdout.strip())
