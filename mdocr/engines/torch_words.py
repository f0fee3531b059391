"""MDiff4STR on torch."""

import torch
from torch import Tensor

from mdocr.decoding.arrays import Array, softmax
from mdocr.engines.protocols import EncodedWords
from mdocr.errors import UsageError
from mdocr.models.mdiff4str import MDiff4STR

DTYPES = {"auto": torch.float32, "float32": torch.float32, "bfloat16": torch.bfloat16}


class TorchWordEngine:
    """Runs a recognizer's model.

    Args:
        model: put into evaluation mode and moved to the device.
        device: where to run.
        dtype: of weights and activations, ``float32``, ``bfloat16`` (about twice as fast on
            processors with such products), or ``auto``: float32, which reads the same everywhere.

    Raises:
        UsageError: unknown dtype.
    """

    def __init__(self, model: MDiff4STR, device: torch.device, dtype: str = "auto") -> None:
        if dtype not in DTYPES:
            raise UsageError(f"unknown dtype {dtype!r}", f"Choose one of: {', '.join(DTYPES)}")
        self.dtype = DTYPES[dtype]
        self.model = model.eval().to(self.dtype)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.charset = model.charset
        self.length = model.config.decoder.max_length + 1
        self.move(device)

    def move(self, device: torch.device | str) -> None:
        """Moves the model to another device."""
        self.device = torch.device(device)
        self.model.to(self.device)

    def blank(self, words: int) -> Tensor:
        """Fully masked words [B, L]."""
        shape = (words, self.length)
        return torch.full(shape, self.charset.mask_id, dtype=torch.int64, device=self.device)

    @torch.no_grad()
    def encode(self, images: Array) -> EncodedWords:
        """Encodes images [B, 3, height, width] in -1..1, once for all passes."""
        pixels = torch.as_tensor(images).to(self.device, self.dtype)
        memory, ctc_logits = self.model.encode_with_ctc(pixels)
        projected = self.model.decoder.project(memory)

        @torch.no_grad()
        def predict(tokens: Tensor, rows: Tensor | None) -> Tensor:
            memory = projected if rows is None else [(k[rows], v[rows]) for k, v in projected]
            logits: Tensor = self.model.decoder(tokens, memory)
            return logits.float()

        return EncodedWords(predict, None if ctc_logits is None else softmax(ctc_logits.float()))
