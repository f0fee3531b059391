import json

import numpy as np
import pytest
from PIL import Image

from mdocr.errors import InputError, WeightsError
from mdocr.preprocessing.mineru_diffusion import MinerUDiffusionProcessor, prepare, scaled_size

CONFIG = MinerUDiffusionProcessor()


@pytest.mark.parametrize(
    ("size", "scaled"),
    [
        ((28, 28), (56, 56)),  # grown to 3136 pixels
        ((56, 56), (56, 56)),
        ((900, 30), (896, 28)),
        ((100, 5), (252, 28)),  # rounds to nothing in one direction, then grows
        ((1036, 1036), (1036, 1036)),
        ((42, 98), (56, 112)),  # 42 / 28 = 1.5 rounds to the even 2; 98 / 28 = 3.5 to 4
    ],
)
def test_scaled_sizes(size, scaled):
    assert scaled_size(*size, CONFIG) == scaled


@pytest.mark.parametrize("size", [(4000, 3000), (1, 200), (20000, 101), (9999, 9999)])
def test_the_area_is_within_the_limits_and_of_whole_tokens(size):
    width, height = scaled_size(*size, CONFIG)
    assert CONFIG.min_pixels <= width * height <= CONFIG.max_pixels
    assert width % 28 == height % 28 == 0


@pytest.mark.parametrize("size", [(201, 1), (1, 201), (0, 10)])
def test_too_narrow_pictures_are_refused(size):
    with pytest.raises(InputError, match="too narrow"):
        scaled_size(*size, CONFIG)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_mode_of_picture_is_taken(mode):
    picture = prepare(Image.new(mode, (60, 40)))
    assert picture.grid == (4, 6)
    assert picture.tokens == 6
    assert picture.patches.shape == (24, 1176)
    assert picture.patches.dtype == np.float32


def test_patches_of_one_token_lie_side_by_side():
    """Each pixel tells its place; no scaling happens at 56 × 112."""
    rows, columns = np.indices((56, 112), dtype=np.uint8)
    image = Image.fromarray(np.stack([rows, columns, 0 * rows], axis=-1))
    config = MinerUDiffusionProcessor(image_mean=(0, 0, 0), image_std=(1 / 255, 1 / 255, 1 / 255))
    patches = prepare(image, config).patches.reshape(-1, 3, 2, 14, 14).round()
    corners = [tuple(int(v) for v in patch[:2, 0, 0, 0]) for patch in patches]
    token = [(0, 0), (0, 14), (14, 0), (14, 14)]
    assert corners[:4] == token
    assert corners[4:8] == [(row, column + 28) for row, column in token]
    assert corners[16] == (28, 0)
    np.testing.assert_array_equal(patches[:, :, 0], patches[:, :, 1])  # a still picture, twice
    np.testing.assert_array_equal(patches[5, 1, 0, 0], np.arange(42, 56))


def test_the_configuration_is_read_and_its_conflicting_size_ignored(tmp_path):
    path = tmp_path / "preprocessor_config.json"
    assert MinerUDiffusionProcessor.read(path) == CONFIG
    record = {"max_pixels": 7840, "image_mean": [0, 0, 0], "size": {"longest_edge": 9}, "new": 1}
    path.write_text(json.dumps(record), encoding="utf-8")
    assert MinerUDiffusionProcessor.read(path) == MinerUDiffusionProcessor(
        max_pixels=7840, image_mean=(0, 0, 0)
    )


def test_a_damaged_configuration_is_an_error(tmp_path):
    path = tmp_path / "preprocessor_config.json"
    for content in ("{", "[1]"):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(WeightsError, match=r"preprocessor_config\.json"):
            MinerUDiffusionProcessor.read(path)
