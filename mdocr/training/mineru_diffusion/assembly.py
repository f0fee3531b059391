"""A checkpoint folder put together from a Qwen2-VL vision tower and an SDAR language model.

That is what the paper's stage I starts from (arXiv 2603.22458, section 3): both towers are trained;
the projector between them is new, except where the tower's own has the same shape.
"""

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

from mdocr.errors import WeightsError
from mdocr.files import write_text, written_whole
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.training.mineru_diffusion.export import copied_files
from mdocr.weights.checkpoint_folder import read_json
from mdocr.weights.keys import SkipInitialisation, require_same
from mdocr.weights.mineru_diffusion import EMBEDDING, HEAD, tensors, weight_files
from mdocr.weights.page_configuration import mineru_diffusion_config

PREFIXES = {"visual.merger.": "vision_abstractor.projection.", "visual.": "vision_model."}
"""Prefixes of a Qwen2-VL checkpoint, and of the same weights in a MinerU-Diffusion checkpoint; all
others are of Qwen2-VL's language model, and are dropped."""

IMAGE, MASK = "<|image_pad|>", "<|MASK|>"
PROJECTOR = "vision_abstractor.projection."
LANGUAGE = "language_model."
PREPROCESSOR = "preprocessor_config.json"
SPREAD = 0.02
"""Standard deviation of new matrices."""


def assemble(vision: Path, language: Path, target: Path) -> None:
    """Writes a checkpoint folder.

    Args:
        vision: folder of a Qwen2-VL checkpoint.
        language: folder of an SDAR checkpoint with its tokenizer.
        target: folder to write.

    Raises:
        WeightsError: a file is missing or damaged, or a model is of another architecture.
    """
    record = assembled_record(vision, language)
    config = mineru_diffusion_config(record, language / "config.json")
    with torch.device("meta"), SkipInitialisation():
        model = MinerUDiffusion(config)
    shapes = {key: tuple(value.shape) for key, value in model.state_dict().items()}
    if config.tie_word_embeddings:
        del shapes[HEAD]
    weights = dict(_vision_weights(vision)) | dict(_language_weights(language))
    if config.tie_word_embeddings:
        weights.pop(HEAD, None)
    dtype = weights[EMBEDDING].dtype if EMBEDDING in weights else torch.bfloat16
    weights = _with_projector(weights, shapes, dtype)
    require_same(shapes, {key: tuple(value.shape) for key, value in weights.items()}, target)
    target.mkdir(parents=True, exist_ok=True)
    with written_whole(target / "model.safetensors") as temporary:
        cast = {key: value.to(dtype).contiguous() for key, value in weights.items()}
        save_file(cast, temporary, metadata={"format": "pt"})
    for file in _settings(vision, language):
        with written_whole(target / file.name) as temporary:
            shutil.copyfile(file, temporary)
    write_text(target / "config.json", json.dumps(record, ensure_ascii=False, indent=1))


def assembled_record(vision: Path, language: Path) -> dict[str, Any]:
    """The ``config.json`` of the assembled model.

    Raises:
        WeightsError: a file is missing, or a special token.
    """
    own = read_json(vision / "config.json")
    text = read_json(language / "config.json")
    tower = own.get("vision_config") or {}
    tokenizer = _tokenizer(language / "tokenizer.json")
    return {
        "model_type": "mineru_diffusion",
        "vision_projector_type": "patch_merger2x",
        "text_config": {key: text[key] for key in sorted(text) if key != "auto_map"},
        "vision_config": {**tower, "model_type": own.get("model_type", "")},
        "image_token_id": _id(tokenizer, IMAGE, language),
        "mask_token_id": _id(tokenizer, MASK, language),
        "tie_word_embeddings": bool(text.get("tie_word_embeddings", False)),
    }


def _tokenizer(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare exceptions
        raise WeightsError(
            f"cannot read the tokenizer {path}: {error}",
            "model.language is the folder of an SDAR model with its tokenizer.json.",
        ) from error


def _id(tokenizer: Tokenizer, token: str, folder: Path) -> int:
    index: int | None = tokenizer.token_to_id(token)
    if index is None:
        raise WeightsError(
            f"the tokenizer of {folder} has no token {token}",
            "Use an SDAR model, whose tokenizer is that of Qwen with a mask token.",
        )
    return index


def _vision_weights(folder: Path) -> Iterable[tuple[str, Tensor]]:
    """Tower and projector; newer checkpoints have ``model.`` before their keys."""
    for key, value in tensors(weight_files(folder), torch.device("cpu"), None):
        for old, new in PREFIXES.items():
            if (bare := key.removeprefix("model.")).startswith(old):
                yield new + bare.removeprefix(old), value
                break


def _language_weights(folder: Path) -> Iterable[tuple[str, Tensor]]:
    for key, value in tensors(weight_files(folder), torch.device("cpu"), None):
        if not key.endswith("rotary_emb.inv_freq"):  # computed, not learned
            yield LANGUAGE + key, value


def _with_projector(
    weights: dict[str, Tensor], shapes: dict[str, tuple[int, ...]], dtype: torch.dtype
) -> dict[str, Tensor]:
    """The weights with a new projector where that of the tower has another shape."""
    found = dict(weights)
    for key, shape in shapes.items():
        old = found.get(key)
        if key.startswith(PROJECTOR) and (old is None or tuple(old.shape) != shape):
            found[key] = _drawn(key, shape).to(dtype)
    return found


def _drawn(key: str, shape: tuple[int, ...]) -> Tensor:
    if len(shape) > 1:
        return torch.randn(shape) * SPREAD
    return torch.ones(shape) if key.endswith("ln_q.weight") else torch.zeros(shape)


def _settings(vision: Path, language: Path) -> list[Path]:
    """Tokenizer and generation settings of the language model, preprocessing of the tower.

    Raises:
        WeightsError: the tower has no preprocessing.
    """
    preprocessor = vision / PREPROCESSOR
    if not preprocessor.is_file():
        raise WeightsError(f"{vision} has no {PREPROCESSOR}", "Download it with the model.")
    others = (file for file in copied_files(language) if file.suffix != ".py")
    return [*(file for file in others if file.name != PREPROCESSOR), preprocessor]
