"""``mdocr export``: precisions, what is compared, what is refused."""

import shutil
import sys
from pathlib import Path

import pytest
import torch
from page_models import save_tiny_line_reader
from typer.testing import CliRunner

from mdocr.cli.export import PRECISIONS
from mdocr.cli.main import app
from mdocr.errors import MissingExtraError, UsageError
from mdocr.export import (
    TOLERANCES,
    ExportError,
    check_request,
    export_mdiff4str,
    export_model,
)
from mdocr.export.folder import refuse_foreign
from mdocr.export.mdiff4str import compare
from mdocr.export.precision import save_graph
from mdocr.models.mdiff4str import MDiff4STR
from mdocr.models.mdiff4str_config import DecoderConfig, EncoderConfig, MDiff4STRConfig
from mdocr.weights.mdiff4str import load_mdiff4str, save_mdiff4str
from mdocr.weights.onnx_files import CONFIG, ENCODER, MDIFF4STR_FORMAT, STEP, read_onnx


@pytest.fixture
def model(golden: Path, cache_folder: Path) -> MDiff4STR:
    return load_mdiff4str(golden / "mdiff4str/tiny_best.pth")


def size(folder: Path) -> int:
    return sum((folder / name).stat().st_size for name in (ENCODER, STEP))


def test_precisions() -> None:
    assert tuple(TOLERANCES) == PRECISIONS
    with pytest.raises(UsageError, match="fp8"):
        export_mdiff4str(Path("any.pth"), Path("any"), "fp8")  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_tiny_model_is_exported_exactly(model: MDiff4STR, exported: Path) -> None:
    assert sorted(path.name for path in exported.iterdir()) == [CONFIG, ENCODER, STEP]
    assert compare(model, exported) < 1e-5
    found = read_onnx(exported, MDIFF4STR_FORMAT)
    assert found.model["symbols"] == model.config.symbols
    assert found.precision == "fp32"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("precision", "share"), [("fp16", 0.65), ("int8", 0.5)])
def test_smaller_precisions(
    model: MDiff4STR,
    exported: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    precision: str,
    share: float,
) -> None:
    import onnx

    monkeypatch.setattr("mdocr.export.precision.LARGE", 0)  # nothing in the tiny model is large
    folder = tmp_path / precision
    shutil.copytree(exported, folder)
    for name in (ENCODER, STEP):
        save_graph(onnx.load(exported / name), folder / name, precision)  # type: ignore[arg-type]
    config = (folder / CONFIG).read_text("utf-8").replace('"fp32"', f'"{precision}"')
    (folder / CONFIG).write_text(config, "utf-8")
    assert size(folder) < share * size(exported)
    assert 0 < compare(model, folder) <= TOLERANCES[precision]  # type: ignore[index]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_mismatch_is_found(model: MDiff4STR, exported: Path) -> None:
    with torch.no_grad():
        model.decoder.head.weight[3] += 0.5
    assert compare(model, exported) > TOLERANCES["fp32"]


@pytest.mark.parametrize("kind", ["mdiff4str", "line_reader", "mineru_diffusion"])
def test_mismatch_is_an_error(
    golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    module = f"mdocr.export.{kind}"
    writer = "_write_graphs" if kind == "mineru_diffusion" else "graphs"
    monkeypatch.setattr(f"{module}.{writer}", lambda *_: {})  # tracing takes most of an export
    monkeypatch.setattr(f"{module}.compare", lambda *_: 0.01)
    weights = {
        "mdiff4str": golden / "mdiff4str/tiny_best.pth",
        "line_reader": save_tiny_line_reader(tmp_path / "reader"),
        "mineru_diffusion": golden / "mineru_diffusion",
    }
    with pytest.raises(ExportError, match="differs from torch"):
        export_model(str(weights[kind]), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.fixture
def smallest(tmp_path: Path) -> Path:
    """The weights of an aligned model of one layer."""
    encoder = EncoderConfig((16, 32), (1, 1), (2, 2), (1, 0), ((2, 1),), 0.0)
    config = MDiff4STRConfig(encoder, DecoderConfig(1, 2, 12, aligned=True), "abc")
    save_mdiff4str(MDiff4STR(config).state_dict(), config, tmp_path / "smallest.safetensors")
    return tmp_path / "smallest.safetensors"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_aligned_model(smallest: Path, tmp_path: Path) -> None:
    done = export_mdiff4str(smallest, tmp_path / "out", "fp16")
    assert done.difference < 1e-4
    made = read_onnx(done.folder, MDIFF4STR_FORMAT)
    assert (made.model["symbols"], made.model["decoder"]["max_length"]) == ("abc", 12)
    assert made.precision == "fp16"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [CONFIG, ENCODER, STEP]


def test_missing_packages_are_named(
    golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtraError, match=r"\.\[export\]"):
        check_request("fp32")
    weights = golden / "mdiff4str/tiny_best.pth"
    result = CliRunner().invoke(app, ["export", str(weights), "-o", str(tmp_path / "out")])
    assert result.exit_code == 5, result.stderr
    assert ".[export]" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_description_of_another_model_is_kept_unless_forced(
    smallest: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    theirs = folder / CONFIG
    theirs.write_text('{"model_type": "bert"}', "utf-8")
    command = ["export", str(smallest), "-o", str(folder)]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 2 and "--force" in refused.stderr
    assert theirs.read_text("utf-8") == '{"model_type": "bert"}'
    done = CliRunner().invoke(app, [*command, "--force"])
    assert (done.exit_code, done.stdout) == (0, f"{folder}\n"), done.stderr
    assert read_onnx(folder, MDIFF4STR_FORMAT).model["symbols"] == "abc"
    refuse_foreign(folder)  # an export of ours may be replaced without


@pytest.mark.parametrize("name", [CONFIG, ENCODER, STEP])
def test_files_of_others_are_not_written_over(golden: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"theirs")
    with pytest.raises(UsageError, match=name):
        export_model(str(golden / "mdiff4str/tiny_best.pth"), tmp_path)
    assert (tmp_path / name).read_bytes() == b"theirs"


def test_wrong_usage(golden: Path, tmp_path: Path) -> None:
    weights = str(golden / "mdiff4str/tiny_best.pth")
    for command, code in (
        ([weights, "-o", tmp_path, "--precision", "fp8"], 2),
        ([weights], 2),
        ([tmp_path / "gone.pth", "-o", tmp_path], 4),
        ([weights, "-o", tmp_path, "--precision", "int4"], 2),
    ):
        assert CliRunner().invoke(app, ["export", *map(str, command)]).exit_code == code
    assert list(tmp_path.iterdir()) == []
