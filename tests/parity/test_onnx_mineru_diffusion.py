"""The exported large page model against the numbers of the released code, and against torch."""

import json
import shutil

import numpy as np
import onnx
import pytest
from golden_pages import GOLDEN, META, PROMPT, VECTORS, expected, options
from PIL import Image
from typer.testing import CliRunner

from mdocr.cli.main import app
from mdocr.document.layout_text import ParsedLayout
from mdocr.document.model import Block, Box
from mdocr.engines.onnx_mineru_diffusion import OnnxMinerUDiffusionEngine
from mdocr.engines.protocols import CPU_BATCH_SIZE
from mdocr.errors import UsageError, WeightsError
from mdocr.export import TOLERANCES, ExportError, export_model, mineru_diffusion
from mdocr.export.folder import put_in_place
from mdocr.parsing.loading import load_parser
from mdocr.preprocessing.mineru_diffusion import prepare
from mdocr.weights.onnx_files import (
    CONFIG,
    DATA,
    ENCODER,
    MINERU_DIFFUSION_FORMAT,
    PREPROCESSOR,
    STEP,
    TOKENIZER,
    read_onnx,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # an export, on a busy machine

PICTURE_NAMES = ["wide", "tiny", "sliver"]
FILES = [CONFIG, ENCODER, f"{ENCODER}{DATA}", PREPROCESSOR, STEP, f"{STEP}{DATA}", TOKENIZER]


@pytest.fixture(scope="module", autouse=True)
def traced_once():
    """Every export of these tests is of the same model; tracing takes most of the time."""
    outline, outlines = mineru_diffusion.outline, {}

    def remembered(module, inputs, outputs):
        kind = type(module).__name__
        if kind not in outlines:
            outlines[kind] = outline(module, inputs, outputs).SerializeToString()
        return onnx.load_from_string(outlines[kind])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mineru_diffusion, "outline", remembered)
        patch.setattr("mdocr.export.precision.LARGE", 0)  # nothing in the tiny model is large
        yield


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documents") / "onnx"
    result = CliRunner().invoke(app, ["export", str(GOLDEN), "-o", str(folder)])
    assert (result.exit_code, result.stdout) == (0, f"{folder}\n"), result.stderr
    return folder


@pytest.fixture(scope="module")
def parser(exported):
    return load_parser(exported, device="cpu")


@pytest.fixture(scope="module")
def torch_parser():
    return load_parser(GOLDEN, device="cpu", dtype="float32")


def test_files(exported, parser):
    assert sorted(file.name for file in exported.iterdir()) == FILES
    assert isinstance(parser.engine, OnnxMinerUDiffusionEngine)
    assert not parser.reads_lines
    assert parser.batch_size(1024) == CPU_BATCH_SIZE
    assert parser.engine.config == load_parser(GOLDEN, device="cpu").engine.config


@pytest.mark.parametrize("batch_size", [1, 3])
def test_generation_is_that_of_the_released_code(parser, batch_size):
    requests = [
        parser.request(GOLDEN / "wide.png", PROMPT, options(case), frozenset())
        for case in META["cases"]
    ]
    made = dict(parser.denoise(iter(requests), batch_size))
    for number, case in enumerate(META["cases"]):
        assert (made[number].tokens, made[number].steps) == expected(case), case
        assert made[number].passes == META["cases"][case]["steps"]


@pytest.mark.parametrize("name", PICTURE_NAMES)
def test_features(parser, name):
    features = parser.engine.encode_image(prepare(Image.open(GOLDEN / f"{name}.png")))
    np.testing.assert_allclose(features, VECTORS[f"features_{name}"].numpy(), atol=1e-4, rtol=0)


def test_different_pictures_and_prompts_in_one_batch(parser, torch_parser):
    images = [Image.open(GOLDEN / f"{name}.png") for name in (*PICTURE_NAMES, "wide")]
    prompts = ["text", "table", [5, META["ids"]["image"], 6], "\nWhat is this?"]
    asked = {"block_length": 8, "max_tokens": 20, "threshold": [0.5, 0.9, 0.7, 0.3]}
    found = parser.generate(images, prompts, **asked, batch_size=3)
    for made, wanted in zip(found, torch_parser.generate(images, prompts, **asked), strict=True):
        assert (made.tokens, made.steps, made.text) == (wanted.tokens, wanted.steps, wanted.text)
        assert made.confidences == pytest.approx(wanted.confidences, abs=1e-4)


def test_a_page_is_read_the_same(exported, monkeypatch):
    """A model of random weights finds no regions, so they are given."""
    regions = [
        Block("title", Box(0.1, 0.05, 0.9, 0.2)),
        Block("text", Box(0.1, 0.25, 0.9, 0.6)),
        Block("table", Box(0.1, 0.65, 0.9, 0.95)),
    ]
    monkeypatch.setattr(
        "mdocr.parsing.mineru_diffusion.parse_layout", lambda text: ParsedLayout(tuple(regions))
    )
    short = dict.fromkeys(("layout", "title", "text", "table"), 24)
    read = []
    for model, dtype in ((GOLDEN, "float32"), (exported, "auto")):
        (page,) = (
            load_parser(model, "cpu", dtype).parse(GOLDEN / "page.png", max_tokens=short).pages
        )
        read.append([(block.type, block.content) for block in page.blocks])
    assert read[0] == read[1]
    assert [kind for kind, _ in read[0]] == ["title", "text", "table"]
    assert all(content for _, content in read[0])


# Precisions


@pytest.mark.parametrize(("precision", "share"), [("fp16", 0.65), ("int8", 0.5), ("int4", 0.5)])
def test_smaller_precisions(exported, tmp_path, precision, share):
    folder = tmp_path / precision
    name, done = export_model(str(GOLDEN), folder, precision)
    assert name == "mineru_diffusion"
    assert 0 < done.difference <= TOLERANCES[precision]
    assert sorted(file.name for file in folder.iterdir()) == FILES
    assert done.size == sum(file.stat().st_size for file in folder.iterdir())
    assert weight_bytes(folder) < share * weight_bytes(exported)
    (made,) = load_parser(folder, device="cpu").generate(
        GOLDEN / "wide.png", PROMPT, max_tokens=16, block_length=8
    )
    assert made.passes > 0


def test_four_bits_are_the_language_models_only(tmp_path):
    export_model(str(GOLDEN), tmp_path, "int4")
    step, encoder = (onnx.load(tmp_path / name) for name in (STEP, ENCODER))
    bits = [
        attribute.i
        for node in step.graph.node
        for attribute in node.attribute
        if node.op_type == "MatMulNBits" and attribute.name == "bits"
    ]
    assert bits == [4] * 7 * 3 + [8]  # three layers; the head makes the logits
    assert not [node for node in encoder.graph.node if node.op_type == "MatMulNBits"]
    kinds = {tensor.data_type for tensor in encoder.graph.initializer if len(tensor.dims) > 1}
    assert kinds == {onnx.TensorProto.FLOAT16}


@pytest.mark.parametrize("name", [ENCODER, STEP])
def test_weights_lie_beside_the_graph(exported, name):
    graph = onnx.load(exported / name, load_external_data=False).graph
    inside = [t for t in graph.initializer if t.data_location != onnx.TensorProto.EXTERNAL]
    assert max(len(tensor.raw_data) for tensor in inside) < 1024
    entries = [
        {entry.key: entry.value for entry in tensor.external_data}
        for tensor in graph.initializer
        if tensor.data_location == onnx.TensorProto.EXTERNAL
    ]
    assert len(entries) >= 10
    for entry in entries:
        assert entry["location"] == f"{name}{DATA}"
        assert int(entry["offset"]) % 4096 == 0


def weight_bytes(folder):
    return sum((folder / f"{name}{DATA}").stat().st_size for name in (ENCODER, STEP))


# What goes wrong


def test_mismatch_is_an_error_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setitem(TOLERANCES, "fp16", 0.0)
    with pytest.raises(ExportError, match="differs from torch"):
        export_model(str(GOLDEN), tmp_path / "out", "fp16")
    assert list((tmp_path / "out").iterdir()) == []


def test_weights_of_an_earlier_export_go(tmp_path):
    for name in FILES:
        (tmp_path / name).write_text("earlier", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with put_in_place(tmp_path) as made:
        for name in (ENCODER, STEP, CONFIG):
            (made / name).write_text("new", encoding="utf-8")
    found = {file.name: file.read_text(encoding="utf-8") for file in tmp_path.iterdir()}
    assert {name for name, text in found.items() if text == "new"} == {ENCODER, STEP, CONFIG}
    assert found["notes.txt"] == "mine"
    assert not {f"{ENCODER}{DATA}", f"{STEP}{DATA}"} & found.keys()


def test_what_cannot_be_exported(tmp_path):
    copied = shutil.copytree(GOLDEN, tmp_path / "model")
    with pytest.raises(UsageError, match="holds the model itself"):
        export_model(str(copied), copied)
    with pytest.raises(UsageError, match="int4"):
        export_model("lite", tmp_path / "out", "int4")
    with pytest.raises(UsageError, match="int4"):
        export_model("mineru-diffusion-lite", tmp_path / "out", "int4")
    (copied / TOKENIZER).unlink()
    with pytest.raises(WeightsError, match=r"tokenizer\.json"):
        export_model(str(copied), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", [*FILES[:3], *FILES[4:]])
def test_missing_files_are_named(exported, tmp_path, name):
    copied = shutil.copytree(exported, tmp_path / "copy")
    (copied / name).unlink()
    with pytest.raises(WeightsError, match=name.replace(".", r"\.")):
        OnnxMinerUDiffusionEngine(read_onnx(copied, MINERU_DIFFUSION_FORMAT), "cpu")


def test_damaged_files_are_named(exported, tmp_path):
    copied = shutil.copytree(exported, tmp_path / "copy")
    weights = copied / f"{STEP}{DATA}"
    weights.write_bytes(weights.read_bytes()[:-5000])
    with pytest.raises(WeightsError, match=STEP):
        OnnxMinerUDiffusionEngine(read_onnx(copied, MINERU_DIFFUSION_FORMAT), "cpu")
    record = json.loads((copied / CONFIG).read_text("utf-8"))
    for damaged in ("{", "[]", json.dumps({**record, "model": {"text_config": 3}})):
        (copied / CONFIG).write_text(damaged, "utf-8")
        with pytest.raises(WeightsError, match=r"config\.json is damaged"):
            load_parser(copied, device="cpu")
    (copied / CONFIG).write_text(json.dumps({**record, "format": "mdocr.onnx-pages/0"}), "utf-8")
    with pytest.raises(WeightsError, match="onnx-pages/0"):
        load_parser(copied, device="cpu")


def test_without_exported_files(cache_folder):
    assert not isinstance(load_parser(GOLDEN, device="cpu").engine, OnnxMinerUDiffusionEngine)
    with pytest.raises(WeightsError, match="has not been exported") as caught:
        load_parser(GOLDEN, device="cpu", engine="onnx")
    assert f"mdocr export {GOLDEN} -o {GOLDEN}-onnx" in caught.value.hint
    assert not cache_folder.exists()
