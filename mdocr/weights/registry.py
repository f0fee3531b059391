"""The named models."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

from mdocr.errors import WeightsError

Task = Literal["recognizer", "parser"]

FAMILIES: dict[str, str] = {"recognizer": "mdiff4str", "parser": "mineru-diffusion"}
"""Prefix of the names of each task; it may be left out."""

COMMANDS = {"recognizer": "mdocr recognize", "parser": "mdocr parse"}


INDEX, UNSHARDED = "model.safetensors.index.json", "model.safetensors"
"""Lists the shards of a model that is kept in several files; the one file of another."""


@dataclass(frozen=True)
class ReleasedModel:
    """A model with a name.

    Attributes:
        name: as the user types it.
        task: ``recognizer`` (word crops) or ``parser`` (pages).
        description: one line of text.
        licence: licence of the weights, as an SPDX identifier.
        size: bytes to download, or in the package, roughly.
        files: required names below ``folder``, the weights first: ``INDEX`` for large models,
            which a release may replace by the single file ``UNSHARDED``.
        repo: repository on the Hugging Face hub; empty for a model inside the package.
        folder: folder in the repository, or in the package's assets; may be empty.
        optional: files that are downloaded where the repository has them.
        chinese: the charset is a list of keys in a file of its own.
        lexicon: the one that a recognizer reads with unless another is asked for.
    """

    name: str
    task: Task
    description: str
    licence: str
    size: int
    files: tuple[str, ...]
    repo: str = ""
    folder: str = ""
    optional: tuple[str, ...] = ()
    chinese: bool = False
    lexicon: str = "none"

    @property
    def packaged(self) -> bool:
        """Whether the weights are inside the package."""
        return not self.repo

    @property
    def alias(self) -> str:
        """The name without its family, if anything remains: ``base`` for ``mdiff4str-base``."""
        return self.name.removeprefix(FAMILIES[self.task]).removeprefix("-") or self.name


def _word_model(variant: str, size: int, description: str, chinese: bool = False) -> ReleasedModel:
    return ReleasedModel(
        name=f"mdiff4str-{variant}",
        task="recognizer",
        description=description,
        licence="Apache-2.0",
        size=size,
        files=("best.pth",),
        repo="topdu/MDiff4STR",
        folder=f"mdiff4str_{variant.replace('-', '_')}",
        chinese=chinese,
    )


_ALL = (
    ReleasedModel(
        name="mdiff4str-lite",
        task="recognizer",
        description="English words, small enough for a CPU; inside the package",
        licence="Apache-2.0",
        size=11_500_000,
        files=("mdiff4str-lite.safetensors",),
        lexicon="english",
    ),
    _word_model("small", 83_000_000, "English words, 18.8 M parameters"),
    _word_model("base", 136_000_000, "English words, 31.9 M parameters"),
    _word_model(
        "base-syn", 136_000_000, "English words, 31.9 M parameters, trained on synthetic data"
    ),
    _word_model("small-ch", 103_000_000, "Chinese and English words, 23.8 M parameters", True),
    _word_model("base-ch", 156_000_000, "Chinese and English words, 36.9 M parameters", True),
    ReleasedModel(
        name="mineru-diffusion-lite",
        task="parser",
        description="Text lines of pages, small enough for a CPU; inside the package",
        licence="Apache-2.0",
        size=11_200_000,
        files=("config.json", "model.safetensors"),
        folder="mineru-diffusion-lite",
    ),
    ReleasedModel(
        name="mineru-diffusion",
        task="parser",
        description="Whole pages: layout, text, tables, formulas; 2.5 B parameters",
        licence="MIT",
        size=5_410_000_000,
        files=(INDEX, "config.json", "tokenizer.json", "preprocessor_config.json"),
        repo="opendatalab/MinerU-Diffusion-V1-0320-2.5B",
        optional=(
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "vocab.json",
            "merges.txt",
            "processor_config.json",
            "generation_config.json",
            "chat_template.jinja",
        ),
    ),
)

MODELS: dict[str, ReleasedModel] = {model.name: model for model in _ALL}
"""Every named model, by its full name."""

BEST_FIRST: dict[str, tuple[str, ...]] = {
    "recognizer": ("mdiff4str-base", "mdiff4str-small", "mdiff4str-lite"),
    "parser": ("mineru-diffusion", "mineru-diffusion-lite"),
}
"""What ``auto`` chooses from for each task."""


def names(task: Task | None = None) -> list[str]:
    """Names of the models of ``task``, or of all."""
    return [model.name for model in _ALL if task in (None, model.task)]


def is_named(name: str, task: Task) -> bool:
    """Whether it is the name of a model, or the short name of one of ``task``."""
    return name in MODELS or any(name == model.alias for model in _ALL if model.task == task)


def find(name: str, task: Task | None = None) -> ReleasedModel:
    """The model called ``name``, in full or without its family prefix.

    Raises:
        WeightsError: no model has that name, several have it, or it is for another task.
    """
    found = [model for model in _ALL if name == model.name] or [
        model for model in _ALL if name == model.alias and task in (None, model.task)
    ]
    if not found:
        raise WeightsError(f"there is no model named {name!r}", _names_hint(name, task))
    if len(found) > 1:
        choices = " or ".join(model.name for model in found)
        raise WeightsError(f"the model name {name!r} is ambiguous", f"Say {choices}.")
    if task not in (None, found[0].task):
        other = found[0].task
        raise WeightsError(
            f"the model {name!r} is a {other}, not a {task}",
            f"Use it with `{COMMANDS[other]}`, or choose one of: {', '.join(names(task))}",
        )
    return found[0]


def _names_hint(name: str, task: Task | None) -> str:
    known = names(task)
    close = get_close_matches(name, [*known, *(MODELS[full].alias for full in known)], n=3)
    full_names = [full for full in known if full in close or MODELS[full].alias in close]
    ordered = [*full_names, *(full for full in known if full not in full_names)]
    meant = f"Did you mean {full_names[0]}? " if full_names else ""
    return f"{meant}Known models: {', '.join(ordered)}; or give a path."
