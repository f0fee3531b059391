"""Sizes of the word recognizer. Imports no torch, like all configurations."""

import math
from dataclasses import dataclass, field

from mdocr.models import charset as charsets
from mdocr.models.charset import Charset


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of the encoder.

    Attributes:
        dims: channels of each stage.
        depths: blocks of each stage.
        heads: attention heads of each stage, and groups of its convolutions.
        convolutions: blocks of each stage that mix by convolution; the remainder by attention.
        strides: (vertical, horizontal) stride between a stage and the next.
        drop_path: stochastic depth rate of the last block; rises linearly from 0 at the first.
    """

    dims: tuple[int, ...] = (128, 256, 384)
    depths: tuple[int, ...] = (6, 6, 6)
    heads: tuple[int, ...] = (4, 8, 12)
    convolutions: tuple[int, ...] = (6, 2, 0)
    strides: tuple[tuple[int, int], ...] = ((1, 1), (2, 1))
    drop_path: float = 0.1

    @property
    def column(self) -> int:
        """Pixels of the image per column of the feature grid."""
        return 4 * math.prod(wide for _, wide in self.strides)


LITE = EncoderConfig(
    dims=(64, 128, 256),
    depths=(2, 3, 3),
    heads=(2, 4, 8),
    convolutions=(2, 2, 0),
    strides=((2, 1), (2, 1)),
    drop_path=0.0,
)
"""The encoder of the lite models: small enough to train and run on a CPU."""


@dataclass(frozen=True)
class DecoderConfig:
    """Sizes of the decoder.

    Attributes:
        layers: transformer layers.
        heads: attention heads.
        max_length: longest word in characters; EOS takes one more position.
        dropout: rate on the embedding and the residual branches, in training.
        aligned: add position codes to the image features, derived from a CTC head.
    """

    layers: int = 6
    heads: int = 6
    max_length: int = 25
    dropout: float = 0.1
    aligned: bool = False


@dataclass(frozen=True)
class MDiff4STRConfig:
    """Sizes and characters of a model; the decoder is as wide as the encoder's last stage."""

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    symbols: str = charsets.ENGLISH

    @property
    def charset(self) -> Charset:
        """Characters and their ids."""
        return Charset(self.symbols)

    @property
    def frames_per_column(self) -> int:
        """CTC frames per column of the feature grid; a narrow letter needs a frame."""
        return max(1, self.encoder.column // FRAME)


def base(symbols: str = charsets.ENGLISH) -> MDiff4STRConfig:
    """The released base model: 31.9 M parameters with the English charset."""
    return MDiff4STRConfig(symbols=symbols)


def small(symbols: str = charsets.ENGLISH) -> MDiff4STRConfig:
    """The released small model: 18.8 M parameters with the English charset."""
    encoder = EncoderConfig(depths=(3, 6, 3), convolutions=(3, 3, 0))
    return MDiff4STRConfig(encoder, DecoderConfig(layers=3), symbols)


def lite(symbols: str = charsets.ENGLISH) -> MDiff4STRConfig:
    """The model shipped in the package: small enough to train and run on a CPU."""
    decoder = DecoderConfig(layers=2, heads=8, dropout=0.0, aligned=True)
    return MDiff4STRConfig(LITE, decoder, symbols)


FRAME = 4
"""Pixels of width per CTC frame."""

SIZES = {"base": base, "small": small, "lite": lite}
