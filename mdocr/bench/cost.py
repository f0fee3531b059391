"""Cost of a word model's passes: parameters, operations, bytes of weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from mdocr.engines.torch_words import TorchWordEngine
from mdocr.models.linear import Int8Linear, PackedLinear

Shape = tuple[int, ...]


@dataclass
class WordCost:
    """Cost of images and passes of a word model; counted once per image size.

    Args:
        engine: a copy of the model on torch, run on one image of each size.
        bytes_per_parameter: of the measured engine.
    """

    engine: TorchWordEngine
    bytes_per_parameter: int = 4
    _operations: dict[Shape, tuple[int, int]] = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return count_parameters(self.engine.model)

    def operations(self, shape: Shape) -> tuple[int, int]:
        """Floating-point operations of the encoder, and of one pass of the decoder over a word.

        Args:
            shape: of the picture, [3, height, width].
        """
        if shape not in self._operations:
            self._operations[shape] = self._count(shape)
        return self._operations[shape]

    def moved(self, passes: int) -> int:
        """Bytes of weights that a batch reads at least: the encoder once, the decoder each pass."""
        encoder = count_parameters(self.engine.model.encoder)
        decoder = count_parameters(self.engine.model.decoder)
        return self.bytes_per_parameter * (encoder + passes * decoder)

    def _count(self, shape: Shape) -> tuple[int, int]:
        with counted() as encoder:
            predict = self.engine.encode(torch.zeros(1, *shape)).predict
        with counted() as decoder:
            predict(self.engine.blank(1), None)
        return encoder.get_total_flops(), decoder.get_total_flops()


@contextmanager
def counted() -> Iterator[FlopCounterMode]:
    """Counts floating-point operations; attention is taken apart so that none of it is missed."""
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        yield counter


def count_parameters(module: nn.Module) -> int:
    """Number of weights."""
    return sum(count for count, _ in _weights(module))


def weight_bytes(module: nn.Module) -> int:
    """Memory of the weights."""
    return sum(count * size for count, size in _weights(module))


def _weights(module: nn.Module) -> Iterator[tuple[int, int]]:
    """Number and bytes of the weights of every part; packed ones are no parameters."""
    for part in module.modules():
        if isinstance(part, Int8Linear | PackedLinear):
            yield part.weight.numel(), part.weight.itemsize
        for parameter in part.parameters(recurse=False):
            yield parameter.numel(), parameter.itemsize
