"""The mean of several models' weights, where one run went on from another (arXiv 2203.05482).

Runs from the same start end in the same valley of the loss, on different sides of it; what lies
between them often reads better than any of them, and costs no more.
"""

from collections.abc import Sequence
from pathlib import Path

import torch

from mdocr.errors import UsageError
from mdocr.weights import resolve, save_checkpoint
from mdocr.weights.checkpoint import load_recognizer_weights


def average_recognizers(models: Sequence[str], path: Path) -> None:
    """Writes the mean of word models' weights, whole or not at all.

    Args:
        models: names or paths of two models or more, all of the same sizes and characters.
        path: the checkpoint to write, ``.safetensors``.

    Raises:
        UsageError: fewer than two models, models of different sizes, or another ending of ``path``.
        WeightsError: weights that cannot be read, or not be written.
    """
    if len(models) < 2:
        raise UsageError("a mean takes two models at least", "Name the models, then -o FILE.")
    if path.suffix != ".safetensors":
        raise UsageError(f"{path} does not end in .safetensors", "Name the checkpoint to write.")
    read = [load_recognizer_weights(resolve(name, "recognizer").path) for name in models]
    config = read[0].config
    for name, model in zip(models, read, strict=True):
        if model.config != config:
            raise UsageError(
                f"{name} has other sizes or characters than {models[0]}",
                "A mean is of models of which one was trained from the other.",
            )
    states = [model.state_dict() for model in read]
    mean = {
        key: torch.stack([state[key].float() for state in states]).mean(0).to(tensor.dtype)
        for key, tensor in states[0].items()
    }
    save_checkpoint(mean, config, path, training={"mean_of": len(models)})
