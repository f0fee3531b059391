"""Real crops from file to text, against what upstream reads (one picture a batch, 3 steps).

The pictures are not part of the project: MDOCR_TEST_DATA names the folder that holds them.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

import mdocr
from mdocr.preprocessing.mdiff4str import BUCKETS, ratio_bucket

SET = "words/iiit5k_train_2000"
# The stored confidences are rounded to five places.
TOLERANCE = 1.5e-5


@pytest.fixture(scope="module")
def crops(golden: Path) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads((golden / "mdiff4str/crops.json").read_text())
    return records


@pytest.fixture(scope="module")
def folder() -> Path:
    folder = Path(os.environ.get("MDOCR_TEST_DATA", "nowhere")) / SET
    if not folder.is_dir():
        pytest.skip(f"set MDOCR_TEST_DATA to the folder that holds {SET}")
    return folder


@pytest.fixture(scope="module")
def reader(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> mdocr.Recognizer:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MDOCR_CACHE", str(tmp_path_factory.mktemp("cache")))
        return mdocr.load_recognizer(golden / "mdiff4str/tiny_best.pth", device="cpu")


@pytest.mark.parametrize("batch_size", [1, 64])
@pytest.mark.parametrize("decoder", ["parallel", "low-confidence", "block-low-confidence"])
def test_crops_read_as_upstream_reads_them(
    reader: mdocr.Recognizer,
    crops: list[dict[str, Any]],
    folder: Path,
    decoder: str,
    batch_size: int,
) -> None:
    paths = [folder / crop["file"] for crop in crops]
    words = reader.recognize(paths, decoder=decoder, steps=3, batch_size=batch_size)
    assert [word.path for word in words] == [str(path) for path in paths]
    assert [word.text for word in words] == [crop[decoder]["text"] for crop in crops]
    for word, crop in zip(words, crops, strict=True):
        confidences = [character.confidence for character in word.characters]
        assert confidences == pytest.approx(crop[decoder]["confidences"], abs=TOLERANCE)


def test_sizes(crops: list[dict[str, Any]], folder: Path) -> None:
    from PIL import Image

    for crop in crops:
        with Image.open(folder / crop["file"]) as picture:
            assert BUCKETS[ratio_bucket(*picture.size)] == tuple(crop["size"])
