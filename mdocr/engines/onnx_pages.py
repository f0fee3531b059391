"""The large page model over ONNX Runtime, from the files that ``mdocr export`` makes of it.

Shapes: S sequences of a pass, T tokens of the longest, D width, N patches of a picture.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mdocr.decoding.requests import Feed
from mdocr.engines import Export
from mdocr.engines.onnx_blocks import (
    Floats,
    OnnxBlockModel,
    Whole,
    open_exported,
    own_places,
    run_on_arrays,
)
from mdocr.errors import WeightsError
from mdocr.models.mineru_diffusion import MinerUDiffusionConfig
from mdocr.models.page_pictures import PagePicture
from mdocr.models.qwen2_vision import patch_places
from mdocr.weights import onnx_files
from mdocr.weights.onnx_files import CONFIG, HINT, PAGES


class OnnxPageModel(OnnxBlockModel):
    """An exported page model, in the place of ``mdocr.models.mineru_diffusion``'s."""

    form = PAGES
    config: MinerUDiffusionConfig

    def see(self, feeds: Sequence[Feed], tokens: Whole) -> tuple[Floats, Floats]:
        """See ``OnnxBlockModel``; pictures go one by one, so that each looks at itself only."""
        features = np.zeros((*tokens.shape, self.text.hidden_size), np.float32)
        for row, feed in enumerate(feeds):
            if feed.picture is not None:
                pictured = tokens[row] == self.config.image_token_id
                features[row, pictured] = self.look(feed.picture)
        return features, own_places(feeds, tokens).astype(np.float32)

    def look(self, picture: PagePicture) -> Floats:
        """Features [N / 4, D] of a picture."""
        places = patch_places(picture.grid, self.config.vision_config.spatial_merge_size)
        inputs = {"patches": picture.patches, "places": places.numpy()}
        (features,) = run_on_arrays(self.encoder, inputs, ("features",))
        found: Floats = features
        return found

    def _read(self, record: dict[str, Any]) -> None:
        try:
            self.config = MinerUDiffusionConfig.from_record(record)
        except (TypeError, AttributeError) as error:
            raise WeightsError(f"{self.folder / CONFIG} is damaged: {error}", HINT) from error
        self.text = self.config.text_config

    def _try(self) -> None:
        vision = self.config.vision_config
        edge = vision.spatial_merge_size
        patches = np.zeros((edge**2, vision.patch_pixels), np.float32)
        self.look(PagePicture(patches, (edge, edge), 1))


def open_page_model(folder: Path, device: str, export: Export) -> OnnxPageModel:
    """The page model of a folder: exported files, or a checkpoint, which is exported once.

    Args:
        folder: what holds the model.
        device: see ``OnnxBlockModel``.
        export: writes the ONNX files of a checkpoint's folder to another folder.
    """
    return open_exported(OnnxPageModel, folder, onnx_files.folder_sha256, device, export)
