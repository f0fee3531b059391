"""The script that writes the graphs of the lite models, whose weights stay in the checkpoint."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from page_models import save_tiny_line_reader

from mdocr.errors import WeightsError
from mdocr.parsing.loading import load_parser
from mdocr.weights.onnx_files import LINE_READER_FORMAT, find_onnx

SCRIPT = Path(__file__).parents[3] / "docs/lite_graphs.py"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def test_graphs_and_their_checkpoint_move_together(tmp_path: Path) -> None:
    folder = save_tiny_line_reader(tmp_path / "a/reader")
    stale = folder.with_name("reader-onnx") / "encoder-int8.onnx"
    stale.parent.mkdir()
    stale.write_bytes(b"of the weights of before")
    subprocess.run([sys.executable, SCRIPT, folder], check=True)
    assert not stale.exists()
    shutil.move(tmp_path / "a", tmp_path / "b")
    folder = tmp_path / "b/reader"
    files = find_onnx(folder, LINE_READER_FORMAT)
    assert files and files.apart
    assert files.apart.file.samefile(folder / "model.safetensors")
    assert len(files.weights("step.onnx")) > 10
    assert load_parser(files.folder, "cpu").engine.device == "cpu"
    shutil.rmtree(folder)
    with pytest.raises(WeightsError, match="does not hold the weights"):
        load_parser(files.folder, "cpu")
