"""The line reader over ONNX Runtime, from the files that ``mdocr export`` makes of it.

Shapes: S sequences of a pass, T tokens of the longest, D width.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from onnxruntime import InferenceSession

from mdocr.decoding.requests import Feed
from mdocr.engines.onnx_pages import (
    Floats,
    Integers,
    OnnxPageEngine,
    run_on_arrays,
    sequence_positions,
)
from mdocr.engines.onnx_sessions import open_session
from mdocr.engines.protocols import DEVICE_BATCH_SIZE, EncodedLine, all_encoded
from mdocr.models.line_reader_config import LINE_HEIGHT, LineReaderConfig
from mdocr.preprocessing.line_images import LineImage
from mdocr.weights.onnx_files import CONFIG, FORMULAS
from mdocr.weights.page_configuration import line_reader_config

TRIAL = (1, 3, 32, 32)
"""Shape of the image of a trial run."""

PASS_TOKENS = 256
"""Tokens of a pass, so that what it computes stays in the CPU's cache."""


class OnnxLineReaderEngine(OnnxPageEngine):
    """An exported line reader."""

    device_batch_size = DEVICE_BATCH_SIZE
    config: LineReaderConfig

    def groups(self, feeds: Sequence[Feed]) -> list[list[int]]:
        """See ``OnnxPageEngine``: of one length, as padding would cost more than small passes."""
        lengths = [len(feed.tokens) for feed in feeds]
        found = []
        for length in dict.fromkeys(lengths):
            rows = [row for row, other in enumerate(lengths) if other == length]
            most = max(1, PASS_TOKENS // length)
            found += [rows[start : start + most] for start in range(0, len(rows), most)]
        return found

    def encode(self, feeds: Sequence[Feed], tokens: Integers) -> tuple[Floats, Floats]:
        """See ``OnnxPageEngine``; text counts from 1 behind its prompt, the task is at 0."""
        prompts = np.array([feed.prompt_length for feed in feeds])
        positions = sequence_positions(feeds, tokens) - prompts[:, None] + 1
        positions = np.maximum(positions, 0, dtype=np.float32)
        features = np.zeros((*tokens.shape, self.text.hidden_size), np.float32)
        rows = [row for row, feed in enumerate(feeds) if feed.picture is not None]
        lines = all_encoded([feeds[row].picture for row in rows], self.encode_lines)
        for row, line in zip(rows, lines, strict=True):
            pictured = tokens[row] == self.config.image_token_id
            features[row, pictured] = line.features
            positions[row, pictured] = line.positions
        return features, positions

    def encode_lines(self, images: Sequence[LineImage]) -> list[EncodedLine]:
        """See ``mdocr.engines.protocols.LineEngine``."""
        made: dict[int, EncodedLine] = {}
        for shape in {image.pixels.shape for image in images}:
            rows = [row for row, image in enumerate(images) if image.pixels.shape == shape]
            given = {"images": np.stack([images[row].pixels for row in rows])}
            encoder = self.encoder if shape[-2] == LINE_HEIGHT else self.formula_encoder
            found = run_on_arrays(encoder, given, ("features", "positions", "ctc_logits"))
            made |= dict(zip(rows, map(EncodedLine, *found), strict=True))
        return [made[row] for row in range(len(images))]

    @cached_property
    def formula_encoder(self) -> InferenceSession:
        """The encoder for formulas, opened when the first is met."""
        path = self.files.folder / FORMULAS
        return open_session(path, self.device, self.files.weights(FORMULAS))

    def _configure(self, record: Mapping[str, Any]) -> None:
        self.config = line_reader_config(record, self.files.folder / CONFIG)
        self.text = self.config.text

    def _try_encoder(self) -> None:
        run_on_arrays(self.encoder, {"images": np.zeros(TRIAL, np.float32)}, ("positions",))
