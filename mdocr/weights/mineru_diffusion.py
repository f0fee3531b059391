"""Loads MinerU-Diffusion from a folder of the released layout.

The folder holds ``config.json``, ``tokenizer.json``, ``preprocessor_config.json`` and one or
several ``.safetensors`` files. The model is built without memory, and the files' pages become its
weights: nothing is copied unless another type or device is asked for.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from mdocr.errors import WeightsError
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.models.mineru_diffusion_config import MinerUDiffusionConfig
from mdocr.weights.checkpoint_folder import read_json
from mdocr.weights.keys import WithoutDraws, require_same


def load_mineru_diffusion(
    folder: Path, device: torch.device | str = "cpu", dtype: torch.dtype | None = None
) -> MinerUDiffusion:
    """The model of a folder, ready to predict.

    Args:
        folder: a folder of the released layout.
        device: where the weights go.
        dtype: their type; that of the files if None.

    Raises:
        WeightsError: a file is missing or damaged, or its keys or shapes are not the model's.
    """
    config = MinerUDiffusionConfig.from_record(read_json(folder / "config.json"))
    with torch.device("meta"), WithoutDraws():
        model = MinerUDiffusion(config)
    files = weight_files(folder)
    check_shapes(stored_shapes(files), model, folder)
    weights = dict(tensors(files, torch.device(device), dtype))
    model.load_state_dict(weights, strict=True, assign=True)
    return model.eval().requires_grad_(False)


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files that make up the model: those of the index, the one, or all.

    Raises:
        WeightsError: there is none, or one that the index names is missing.
    """
    index = folder / "model.safetensors.index.json"
    if not index.exists():
        whole = folder / "model.safetensors"
        files = [whole] if whole.exists() else sorted(folder.glob("*.safetensors"))
    else:
        names = read_json(index).get("weight_map", {}).values()
        files = [folder / name for name in sorted(set(names))]
    if not files:
        raise WeightsError(
            f"{folder} has no .safetensors file", "Give a folder of the released layout."
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
    """The shape of every stored key, read without the tensors."""
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
