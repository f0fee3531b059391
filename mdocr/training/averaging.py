"""Averages the weights of models fine-tuned from one another (model soups, arXiv 2203.05482).

Runs from the same start end in the same basin of the loss, on different sides of it; their mean
often reads better than each of them, at the same cost.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from torch import Tensor

from mdocr.errors import UsageError
from mdocr.models.line_reader import LineReader
from mdocr.models.mdiff4str import MDiff4STR
from mdocr.training.line_reader.widening import with_characters_of
from mdocr.weights.checkpoint_folder import is_line_reader
from mdocr.weights.line_reader import load_line_reader, save_line_reader
from mdocr.weights.mdiff4str import load_mdiff4str, save_mdiff4str
from mdocr.weights.registry import MODELS
from mdocr.weights.resolve import resolve

Model = TypeVar("Model", MDiff4STR, LineReader)

SUFFIX = ".safetensors"
OTHER_SUFFIXES = frozenset((".pt", ".pth", ".bin", ".ckpt", ".onnx", ".npz", ".h5"))
"""Suffixes of checkpoints of other formats; any other name is that of a folder."""


def average_models(models: Sequence[str], path: Path) -> None:
    """Writes the mean of the models' weights atomically.

    Args:
        models: names or paths of at least two models of equal sizes; word models of the same
            characters, or line readers, of which the first has the characters of all.
        path: checkpoint of a word model (``.safetensors``), or checkpoint folder of a line reader.

    Raises:
        UsageError: fewer than two models, models of different kinds, sizes or characters, or
            a ``path`` with the suffix of another format.
        WeightsError: weights that cannot be read or written.
    """
    if len(models) < 2:
        raise UsageError("an average takes at least two models", "Name the models, then -o PATH.")
    record = {"mean_of": len(models)}
    _check_place(models[0], path)
    if path.suffix == SUFFIX:
        words, of_words = _mean(models, _word_model, lambda model, _: model)
        save_mdiff4str(words, of_words.config, path, training=record)
    else:
        lines, of_lines = _mean(models, _line_reader, with_characters_of)
        save_line_reader(lines, of_lines.config, path, training=record)


def _check_place(model: str, path: Path) -> None:
    """Refuses a path that is none for the mean of models like this one."""
    known = MODELS.get(model)
    reads_words = known is not None and known.task == "recognizer"
    if path.suffix in OTHER_SUFFIXES or (reads_words and path.suffix != SUFFIX):
        raise UsageError(
            f"a mean cannot be written as {path}",
            f"Name a checkpoint ({SUFFIX}) for word models, a folder for line readers.",
        )


def _word_model(name: str) -> MDiff4STR:
    return load_mdiff4str(resolve(name, "recognizer").path)


def _line_reader(name: str) -> LineReader:
    folder = resolve(name, "parser").path
    if not is_line_reader(folder):
        raise UsageError(
            f"{name} is not a line reader",
            f"To average word models, write to a file that ends in {SUFFIX}.",
        )
    return load_line_reader(folder)


def _mean(
    models: Sequence[str], load: Callable[[str], Model], fit: Callable[[Model, Model], Model]
) -> tuple[dict[str, Tensor], Model]:
    """The mean of the weights, and the first model; at most two models are in memory.

    Args:
        models: names or paths.
        load: loads one.
        fit: gives a model the characters of the first.
    """
    first = load(models[0])
    mean = {key: tensor.float() for key, tensor in first.state_dict().items()}
    for count, name in enumerate(models[1:], 2):
        model = fit(load(name), first)
        if model.config != first.config:
            raise UsageError(
                f"{name} has other sizes or characters than {models[0]}",
                "Average models of which one was trained from the other; one with more characters "
                "goes first.",
            )
        for key, tensor in model.state_dict().items():
            mean[key] = mean[key] + (tensor.float() - mean[key]) / count
    kept = {key: mean[key].to(tensor.dtype) for key, tensor in first.state_dict().items()}
    return kept, first
