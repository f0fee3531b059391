"""MinerU-Diffusion over ONNX Runtime, from the files that ``mdocr export`` makes of it.

Shapes: S sequences of a pass, T tokens of the longest, D width, N patches of an image.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mdocr.decoding.requests import Feed
from mdocr.engines.onnx_pages import (
    Floats,
    Integers,
    OnnxPageEngine,
    run_on_arrays,
    sequence_positions,
)
from mdocr.engines.protocols import CPU_BATCH_SIZE
from mdocr.models.mineru_diffusion_config import MinerUDiffusionConfig, patch_positions
from mdocr.preprocessing.mineru_diffusion import PatchedImage
from mdocr.weights.onnx_files import CONFIG
from mdocr.weights.page_configuration import mineru_diffusion_config


class OnnxMinerUDiffusionEngine(OnnxPageEngine):
    """An exported MinerU-Diffusion."""

    device_batch_size = CPU_BATCH_SIZE
    config: MinerUDiffusionConfig

    def encode(self, feeds: Sequence[Feed], tokens: Integers) -> tuple[Floats, Floats]:
        """See ``OnnxPageEngine``; images go one by one, so that each attends to itself only."""
        features = np.zeros((*tokens.shape, self.text.hidden_size), np.float32)
        for row, feed in enumerate(feeds):
            if feed.picture is not None:
                pictured = tokens[row] == self.config.image_token_id
                features[row, pictured] = self.encode_image(feed.picture)
        return features, sequence_positions(feeds, tokens).astype(np.float32)

    def encode_image(self, picture: PatchedImage) -> Floats:
        """Features [N / 4, D] of an image."""
        positions = patch_positions(picture.grid, self.config.vision_config.spatial_merge_size)
        inputs = {"patches": picture.patches, "positions": positions}
        (features,) = run_on_arrays(self.encoder, inputs, ("features",))
        found: Floats = features
        return found

    def _configure(self, record: Mapping[str, Any]) -> None:
        self.config = mineru_diffusion_config(record, self.files.folder / CONFIG)
        self.text = self.config.text_config

    def _try_encoder(self) -> None:
        vision = self.config.vision_config
        edge = vision.spatial_merge_size
        patches = np.zeros((edge**2, vision.patch_pixels), np.float32)
        self.encode_image(PatchedImage(patches, (edge, edge), 1))
