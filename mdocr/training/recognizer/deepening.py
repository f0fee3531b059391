"""A word model that is to learn more: the weights it has, and blocks that change little at first.

What a new block adds to its input begins at zero, and its norms nearly undo one another (the idea
of Net2Net, arXiv 1511.05641, section 2).
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from mdocr.errors import UsageError
from mdocr.models.mdiff4str import DecoderLayer, MDiff4STR
from mdocr.models.mdiff4str_config import MDiff4STRConfig
from mdocr.models.svtrv2 import Block, Stage

FAINT = 0.05
"""Gain of a channel below which nothing is left of it that could be made larger again."""


def deepened(model: MDiff4STR, blocks: Sequence[int], layers: int) -> MDiff4STR:
    """The model with more blocks behind those of each stage, and more layers of the decoder.

    Args:
        model: what is known.
        blocks: how many more attention blocks each stage of the encoder gets; none if empty.
        layers: how many more layers the decoder gets.

    Raises:
        UsageError: ``blocks`` is not of a number for each stage.
    """
    blocks = blocks or [0] * len(model.config.encoder.depths)
    if not any(blocks) and not layers:
        return model
    made = MDiff4STR(_larger(model.config, blocks, layers))
    for known, stage in zip(model.encoder.stages, made.encoder.stages, strict=True):
        if isinstance(known, Stage) and isinstance(stage, Stage):
            _quieten([*stage.blocks], [*known.blocks])
    _quieten([*made.decoder.layers], [*model.decoder.layers])
    made.load_state_dict(made.state_dict() | model.state_dict())
    return made


def _larger(config: MDiff4STRConfig, blocks: Sequence[int], layers: int) -> MDiff4STRConfig:
    depths = config.encoder.depths
    if len(blocks) != len(depths):
        raise UsageError(
            f"model.extra_blocks has {len(blocks)} numbers for {len(depths)} stages",
            "Give one for each stage of the encoder.",
        )
    deeper = tuple(depth + more for depth, more in zip(depths, blocks, strict=True))
    encoder = replace(config.encoder, depths=deeper)
    decoder = replace(config.decoder, layers=config.decoder.layers + layers)
    return replace(config, encoder=encoder, decoder=decoder)


def _quieten(blocks: Sequence[nn.Module], known: Sequence[nn.Module]) -> None:
    """Lets the blocks behind the known ones give what the last of these gives, nearly."""
    for block in blocks[len(known) :]:
        branches, (first, last) = _ENDS[type(block)]
        for name in branches:
            for value in block.get_submodule(name).parameters():
                nn.init.zeros_(value)
        before = known[-1].get_submodule(last).state_dict()
        block.get_submodule(first).load_state_dict(_undone(before["weight"], before["bias"]))
        block.get_submodule(last).load_state_dict(before)


def _undone(gain: Tensor, shift: Tensor) -> dict[str, Tensor]:
    """Gain and shift of a norm that follows one with ``gain`` and ``shift``, and undoes them.

    It does so exactly where mean and spread over the channels are those to be expected.
    """
    spread = (gain.square().mean() + shift.var(correction=0)).sqrt()
    safe = torch.where(gain < 0, -1.0, 1.0) * gain.abs().clamp(min=FAINT)
    return {"weight": spread / safe, "bias": (shift.mean() - shift) / safe}


_ENDS = {
    Block: (("mixer.proj", "mlp.fc2"), ("norm1", "norm2")),
    DecoderLayer: (("self_attn.out_proj", "cross_attn.out_proj", "mlp.fc2"), ("norm1", "norm3")),
}
"""The last layer of each residual branch, and the first and the last norm."""
