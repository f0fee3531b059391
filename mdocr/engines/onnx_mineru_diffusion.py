"""The large page model over ONNX Runtime, from the files that ``mdocr export`` makes of it.

Shapes: S sequences of a pass, T tokens of the longest, D width, N patches of a picture.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mdocr.decoding.requests import Feed
from mdocr.engines.onnx_line_reader import (
    Floats,
    OnnxBlockEngine,
    Whole,
    own_places,
    run_on_arrays,
)
from mdocr.engines.protocols import CPU_SLOTS
from mdocr.errors import WeightsError
from mdocr.models.mineru_diffusion_config import MinerUDiffusionConfig, patch_places
from mdocr.preprocessing.mineru_diffusion import PagePicture
from mdocr.weights.onnx_files import CONFIG, HINT


class OnnxPageEngine(OnnxBlockEngine):
    """An exported large page model."""

    most_slots = CPU_SLOTS
    config: MinerUDiffusionConfig

    def see(self, feeds: Sequence[Feed], tokens: Whole) -> tuple[Floats, Floats]:
        """See ``OnnxBlockEngine``; pictures go one by one, so that each looks at itself only."""
        features = np.zeros((*tokens.shape, self.text.hidden_size), np.float32)
        for row, feed in enumerate(feeds):
            if feed.picture is not None:
                pictured = tokens[row] == self.config.image_token_id
                features[row, pictured] = self.look(feed.picture)
        return features, own_places(feeds, tokens).astype(np.float32)

    def look(self, picture: PagePicture) -> Floats:
        """Features [N / 4, D] of a picture."""
        places = patch_places(picture.grid, self.config.vision_config.spatial_merge_size)
        inputs = {"patches": picture.patches, "places": places}
        (features,) = run_on_arrays(self.encoder, inputs, ("features",))
        found: Floats = features
        return found

    def _read(self, record: Mapping[str, Any]) -> None:
        try:
            self.config = MinerUDiffusionConfig.from_record(record)
        except (TypeError, AttributeError) as error:
            raise WeightsError(f"{self.files.folder / CONFIG} is damaged: {error}", HINT) from error
        self.text = self.config.text_config

    def _try(self) -> None:
        vision = self.config.vision_config
        edge = vision.spatial_merge_size
        patches = np.zeros((edge**2, vision.patch_pixels), np.float32)
        self.look(PagePicture(patches, (edge, edge), 1))
