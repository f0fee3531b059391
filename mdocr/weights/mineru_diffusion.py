"""Loads MinerU-Diffusion from a checkpoint folder.

The folder holds ``config.json``, ``tokenizer.json``, ``preprocessor_config.json`` and one or
several ``.safetensors`` files. The model is built without memory, and the pages of the mapped files
become its weights: nothing is copied unless another type or device is asked for.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from mdocr.errors import WeightsError
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.weights.cache import shards
from mdocr.weights.checkpoint_folder import read_json
from mdocr.weights.keys import SkipInitialisation, require_same
from mdocr.weights.page_configuration import mineru_diffusion_config
from mdocr.weights.registry import INDEX, UNSHARDED

HEAD, EMBEDDING = "language_model.lm_head.weight", "language_model.model.embed_tokens.weight"
"""The same tensor in models with tied embeddings, which store the embedding alone."""


def load_mineru_diffusion(
    folder: Path, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
) -> MinerUDiffusion:
    """The model of a folder, ready to predict.

    Args:
        folder: a checkpoint folder.
        device: where the weights go.
        dtype: their type; that of the files if None.

    Raises:
        WeightsError: a file is missing or damaged, or its keys or shapes are not the model's.
    """
    path = folder / "config.json"
    config = mineru_diffusion_config(read_json(path), path)
    with torch.device("meta"), SkipInitialisation():
        model = MinerUDiffusion(config)
    files = weight_files(folder)
    shapes = stored_shapes(files)
    tied = config.tie_word_embeddings and HEAD not in shapes and EMBEDDING in shapes
    check_shapes(shapes | ({HEAD: shapes[EMBEDDING]} if tied else {}), model, folder)
    weights = dict(tensors(files, torch.device(device), dtype))
    if tied:
        weights[HEAD] = weights[EMBEDDING]
    model.load_state_dict(weights, strict=True, assign=True)
    return model.eval().requires_grad_(False)


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files that make up the model: those of the index, the one, or all.

    Raises:
        WeightsError: there is none, or one that the index names is missing.
    """
    if (folder / INDEX).exists():
        files = [folder / name for name in shards(folder / INDEX)]
    else:
        whole = folder / UNSHARDED
        files = [whole] if whole.exists() else sorted(folder.glob("*.safetensors"))
    if not files:
        raise WeightsError(
            f"{folder} has no .safetensors file",
            "Give a checkpoint folder: config.json, safetensors and the tokenizer.",
        )
    absent = [file.name for file in files if not file.exists()]
    if absent:
        raise WeightsError(f"{folder} lacks {', '.join(absent)}", "Download the model again.")
    return files


def check_shapes(
    stored: Mapping[str, tuple[int, ...]], model: torch.nn.Module, folder: Path
) -> None:
    """Accounts for every key.

    Raises:
        WeightsError: keys are missing, left over, or of another shape; it names them.
    """
    require_same({key: value.shape for key, value in model.state_dict().items()}, stored, folder)


def stored_shapes(files: list[Path]) -> dict[str, tuple[int, ...]]:
    """The shape of every stored key, read without the tensors.

    Raises:
        WeightsError: a file is damaged.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for file in files:
        try:
            with safe_open(file, framework="pt") as weights:
                for key in weights.keys():  # noqa: SIM118 (not a mapping)
                    shapes[key] = tuple(weights.get_slice(key).get_shape())
        except (OSError, SafetensorError) as error:
            raise WeightsError(f"{file} is damaged: {error}", "Download it again.") from error
    return shapes


def tensors(
    files: list[Path], device: torch.device, dtype: torch.dtype | None
) -> Iterator[tuple[str, Tensor]]:
    """Weights one by one; on the CPU they are views of the mapped files."""
    for file in files:
        with safe_open(file, framework="pt", device=str(device)) as weights:
            for key in weights.keys():  # noqa: SIM118 (not a mapping)
                tensor = weights.get_tensor(key)
                yield key, tensor if dtype is None else tensor.to(dtype)
