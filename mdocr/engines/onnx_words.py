"""MDiff4STR on ONNX Runtime, from the files that ``mdocr export`` writes; needs no torch.

Shapes: B words, L positions, V classes, H W height and width of the images.
"""

import logging
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from onnxruntime import OrtValue

from mdocr.engines.onnx_sessions import first_that_works, open_session, run, takes_eight_bits
from mdocr.engines.protocols import EncodedWords
from mdocr.weights.configuration import from_dict
from mdocr.weights.onnx_files import CONFIG, ENCODER, STEP, OnnxModel

logger = logging.getLogger(__name__)

PART = 8
"""Words that a CPU encodes at once: what the encoder computes of more does not fit its cache."""
TRIAL = (1, 3, 32, 128)
"""Shape of the image of a trial run."""


class OnnxWordEngine:
    """Runs a recognizer's model.

    Args:
        files: the exported model.
        device: ``cpu``, ``cuda``, ``cuda:N``, or ``auto``: CUDA where it works.
        dtype: ``float32``; or ``auto``: in eight bits where that is faster.

    Attributes:
        device: the one in use.

    Raises:
        WeightsError: a file is damaged.
        UsageError: no such kind of device.
        DeviceError: the device that was asked for is absent, or does not work.
    """

    device: str

    def __init__(self, files: OnnxModel, device: str = "auto", dtype: str = "float32") -> None:
        self.files, self._dtype = files, dtype
        config = from_dict(files.model, files.folder / CONFIG)
        self.charset, self.length = config.charset, config.decoder.max_length + 1
        self._has_ctc = config.decoder.aligned  # by the frames of a CTC head
        first_that_works(device, self._start)
        logger.info("running on %s, by ONNX Runtime", self.device)

    def move(self, device: str) -> None:
        """Moves the model to another device."""
        eight_bits = takes_eight_bits(device, self._dtype)
        files = [self.files.graph(name, eight_bits=eight_bits) for name in (ENCODER, STEP)]
        self._encoder, self._step = (
            open_session(self.files.folder / name, device, self.files.weights(name), few_sizes=True)
            for name in files
        )
        self.device = device

    def blank(self, words: int) -> NDArray[np.int64]:
        """Fully masked words [B, L]."""
        return np.full((words, self.length), self.charset.mask_id, np.int64)

    def encode(self, images: NDArray[np.float32]) -> EncodedWords:
        """Encodes images [B, 3, H, W] in -1..1, once for all passes.

        Keys and values stay on the device.
        """
        size = PART if self.device == "cpu" else len(images)
        parts = [self._encoded(images[at : at + size]) for at in range(0, len(images), size)]
        projected, *heads = zip(*parts, strict=True)
        memory = (
            projected[0] if len(parts) == 1 else OrtValue.ortvalue_from_numpy(_joined(projected))
        )
        ctc = _joined(heads[0]) if heads else None
        every = np.arange(len(images))

        def predict(
            tokens: NDArray[np.int64], rows: NDArray[np.int64] | None
        ) -> NDArray[np.float32]:
            step = self._step.io_binding()
            step.bind_cpu_input("tokens", np.ascontiguousarray(tokens))
            step.bind_cpu_input("rows", every if rows is None else rows)
            step.bind_ortvalue_input("projected", memory)
            step.bind_output("logits", "cpu")
            run(self._step, step)
            logits: NDArray[np.float32] = step.copy_outputs_to_cpu()[0]
            return logits

        return EncodedWords(predict, ctc)

    def _encoded(self, images: NDArray[np.float32]) -> list[OrtValue]:
        binding = self._encoder.io_binding()
        binding.bind_cpu_input("images", np.ascontiguousarray(images))
        binding.bind_output("projected", *self._placement())
        if self._has_ctc:
            binding.bind_output("ctc", "cpu")
        run(self._encoder, binding)
        outputs: list[OrtValue] = binding.get_outputs()
        return outputs

    def _placement(self) -> tuple[str, int]:
        kind, _, number = self.device.partition(":")
        return kind, int(number or 0)

    def _start(self, device: str) -> None:
        self.move(device)
        if device != "cpu":
            self.encode(np.zeros(TRIAL, np.float32)).predict(self.blank(1), None)


def _joined(values: Iterable[OrtValue]) -> NDArray[np.float32]:
    """Values in the memory of the CPU, one after another along their first axis."""
    return np.concatenate([value.numpy() for value in values])
