"""From a ``--model`` option to a file or folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mdocr.errors import UsageError, WeightsError
from mdocr.weights.cache import CachedModel
from mdocr.weights.download import download
from mdocr.weights.registry import BEST_FIRST, MODELS, ReleasedModel, Task, find, is_named, names

WEIGHT_SUFFIXES = (".pth", ".safetensors", ".onnx")


@dataclass(frozen=True)
class ResolvedModel:
    """The result of a ``--model`` option: a name to report, and a file or folder to load.

    Attributes:
        lexicon: as in ``ReleasedModel``.
    """

    name: str
    path: Path
    lexicon: str = "none"

    @property
    def files(self) -> list[list[str | int]]:
        """Path, size in bytes and modification time of each weights file: the model's identity."""
        inside = self.path.iterdir() if self.path.is_dir() else [self.path]
        found = sorted(file.resolve() for file in inside if file.suffix in WEIGHT_SUFFIXES)
        return [[str(file), file.stat().st_size, file.stat().st_mtime_ns] for file in found]


def resolve(
    model: str, task: Task, suits: Callable[[ReleasedModel], bool] = lambda model: True
) -> ResolvedModel:
    """Finds the weights that ``model`` means.

    Args:
        model: ``auto`` (the best that is installed), a name (downloaded on first use), or a path.
        task: ``recognizer`` or ``parser``.
        suits: whether ``auto`` takes an installed model; the last one if none suits.

    Raises:
        UsageError: the name is empty.
        WeightsError: no such name or path, or the download failed.
    """
    if not model.strip():
        raise UsageError(
            "the name of the model is empty", "Leave it out, or give a name or a path."
        )
    if model == "auto":
        return _best_installed(task, suits)
    if is_named(model, task):
        return _named(find(model, task))
    path = Path(model).expanduser()
    if path.exists():
        return ResolvedModel(path.resolve().name, path)
    if path.suffix in WEIGHT_SUFFIXES or len(path.parts) > 1:
        raise WeightsError(
            f"there is no file or folder {model}",
            f"Give the path of a checkpoint, or one of: {', '.join(names(task))}",
        )
    return _named(find(model, task))


def _best_installed(task: Task, suits: Callable[[ReleasedModel], bool]) -> ResolvedModel:
    every = (MODELS[name] for name in BEST_FIRST[task])
    installed = [model for model in every if CachedModel(model).installed]
    if not installed:
        raise WeightsError(
            f"no {task} is installed", f"Run: mdocr models download {BEST_FIRST[task][0]}"
        )
    return _installed(next(filter(suits, installed), installed[-1]))


def _named(model: ReleasedModel) -> ResolvedModel:
    if not CachedModel(model).installed:
        download(model)
    return _installed(model)


def _installed(model: ReleasedModel) -> ResolvedModel:
    return ResolvedModel(model.name, CachedModel(model).path, model.lexicon)
