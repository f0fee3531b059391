"""A model with a smaller encoder that starts from the weights of a larger one.

What has the same shape is kept. A stage with fewer blocks keeps those of the same mixer, spread
over its depth; where the feature grid becomes coarser, each of the tokens of a column starts as the
one token that the column was.
"""

from dataclasses import replace
from typing import TypeVar

import torch
from torch import Tensor

from mdocr.errors import UsageError
from mdocr.models.line_reader import LineReader
from mdocr.models.mdiff4str import MDiff4STR
from mdocr.models.mdiff4str_config import EncoderConfig

Model = TypeVar("Model", LineReader, MDiff4STR)


def with_encoder(model: Model, encoder: EncoderConfig) -> Model:
    """The model with an encoder of these sizes.

    Raises:
        UsageError: the stages differ in number or width, or a stage would grow.
    """
    old = model.config.encoder
    if (encoder.dims, encoder.heads) != (old.dims, old.heads):
        raise UsageError(
            f"model.encoder_sizes has stages of {encoder.dims} channels and {encoder.heads} heads,"
            f" the model that it starts from {old.dims} and {old.heads}",
            "Leave dims and heads as they are; depths, convolutions and strides may differ.",
        )
    made = type(model)(replace(model.config, encoder=encoder))
    kept = _kept_blocks(old, encoder)
    known = {_renamed(name, kept): value for name, value in model.state_dict().items()}
    weights = made.state_dict()
    for name, value in weights.items():
        weights[name] = _repeated(known[name], value)
    made.load_state_dict(weights)
    return made


def _kept_blocks(old: EncoderConfig, new: EncoderConfig) -> list[list[int]]:
    """For each stage of the new encoder, the old block that each block starts from."""
    kept = []
    for stage, (depth, convolutions) in enumerate(zip(new.depths, new.convolutions, strict=True)):
        border = old.convolutions[stage]
        local = _spread(range(border), convolutions)
        kept.append(local + _spread(range(border, old.depths[stage]), depth - convolutions))
    return kept


def _spread(blocks: range, count: int) -> list[int]:
    """This many of the blocks, the first and the last among them if there are two."""
    if count > len(blocks):
        raise UsageError(
            f"model.encoder_sizes has {count} blocks of a kind in a stage, the model that it"
            f" starts from {len(blocks)}",
            "Choose depths and convolutions that are not larger.",
        )
    places = torch.linspace(0, len(blocks) - 1, count) if count > 1 else [0.0] * count
    return [blocks[round(float(place))] for place in places]


def _renamed(name: str, kept: list[list[int]]) -> str:
    """The name of a weight in the new model; the old one, marked, if its block is left out."""
    parts = name.split(".")
    if parts[:2] != ["encoder", "stages"] or parts[3] != "blocks":
        return name
    stage, block = int(parts[2]), int(parts[4])
    if block not in kept[stage]:
        return f"left out: {name}"
    parts[4] = str(kept[stage].index(block))
    return ".".join(parts)


def _repeated(known: Tensor, wanted: Tensor) -> Tensor:
    """``known`` as often as it fits into the rows of ``wanted``."""
    return (
        known.repeat(wanted.shape[0] // known.shape[0], *[1] * (known.ndim - 1))
        if known.ndim
        else known
    )
