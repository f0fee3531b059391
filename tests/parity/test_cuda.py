"""A GPU beside the CPU: the same texts and tokens; half precision within its rounding."""

from pathlib import Path

import pytest
import torch
from golden_pages import CASES, GOLDEN, expected, generated
from page_models import drawn
from PIL import Image
from typer.testing import CliRunner

from mdocr.cli.main import app
from mdocr.decoding.blocks import denoise
from mdocr.decoding.requests import BlockOptions, Feed, Request
from mdocr.engines.cuda_graphs import GraphedBlocks
from mdocr.engines.torch_blocks import TorchBlocks
from mdocr.options import WORD_DECODERS
from mdocr.parsing.loading import load_parser
from mdocr.recognizer import load_recognizer

DEVICE = "cuda"
TEXTS = ("Hotel", "OPEN", "bakery", "2026", "Exit 14", "coffee")
PARAGRAPH = """The quick brown fox
jumps over the lazy dog
and reads 14 more lines."""

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device"),
]


@pytest.fixture(scope="module")
def words() -> list[Image.Image]:
    return [drawn(text.replace(" ", ""), (24 + 15 * len(text), 40)) for text in TEXTS]


@pytest.mark.parametrize("decoder", WORD_DECODERS)
def test_words(words: list[Image.Image], decoder: str) -> None:
    expected = load_recognizer("lite", "cpu", "torch").recognize(words, decoder=decoder)
    found = load_recognizer("lite", DEVICE, "torch").recognize(words, decoder=decoder)
    assert [word.text for word in found] == [word.text for word in expected]
    for word, other in zip(found, expected, strict=True):
        assert word.confidence == pytest.approx(other.confidence, abs=2e-3)


def test_words_in_half_precision(words: list[Image.Image]) -> None:
    single = load_recognizer("lite", DEVICE, "torch").recognize(words)
    half = load_recognizer("lite", DEVICE, "torch", "bfloat16").recognize(words)
    assert [word.text for word in half] == [word.text for word in single]


def test_words_by_onnx_runtime(words: list[Image.Image]) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        pytest.skip("ONNX Runtime was built without CUDA")
    expected = load_recognizer("lite", "cpu", "torch").recognize(words)
    found = load_recognizer("lite", DEVICE, "onnx").recognize(words)
    assert [word.text for word in found] == [word.text for word in expected]


def test_blocks_of_the_large_layout() -> None:
    parser = load_parser(GOLDEN, DEVICE, "float32")
    for case in CASES:
        assert generated(parser, case).tokens == expected(case)[0]


def test_replayed_steps_of_the_large_layout(golden: Path) -> None:
    folder = golden / "mineru_diffusion"
    usual = load_parser(folder, DEVICE, "float32")
    replayed = load_parser(folder, DEVICE, "float32", cuda_graphs=True)
    prompts = [list(range(40, 40 + length)) for length in (5, 9, 14, 3, 30)]
    expected, found = (
        parser.generate([None] * 5, prompts, block_length=8, max_tokens=300, batch_size=2)
        for parser in (usual, replayed)
    )
    assert [made.tokens for made in found] == [made.tokens for made in expected]
    blocks = GraphedBlocks(replayed.engine.model, 2)
    dict(denoise(blocks, [Request((40, 41), BlockOptions(max_tokens=64))], 3, 2))
    assert blocks.recordings
    assert not blocks.usual


def test_eight_bits(golden: Path) -> None:
    feed = Feed(0, 0, tuple(range(40, 56)), (16,) * 16, tuple(range(16)), 16, 16)
    parsers = [load_parser(golden / "mineru_diffusion", DEVICE, d) for d in ("float32", "int8")]
    single, eight = (TorchBlocks(parser.engine.model, 1)([feed]).float() for parser in parsers)
    assert float((single - eight).abs().max() / single.abs().max()) < 0.05


def test_page(tmp_path: Path) -> None:
    page = tmp_path / "page.png"
    drawn(PARAGRAPH, (420, 160)).save(page)
    expected, found = (load_parser("lite", device).parse(page) for device in ("cpu", DEVICE))
    texts = [[block.content for block in one.pages[0].blocks] for one in (expected, found)]
    assert texts[0] == texts[1]
    assert "quick brown fox" in " ".join(texts[0])


def test_command(words: list[Image.Image], tmp_path: Path) -> None:
    words[0].save(tmp_path / "word.png")
    command = ["recognize", str(tmp_path / "word.png"), "--device", DEVICE]
    result = CliRunner().invoke(app, command)
    assert (result.exit_code, result.stdout) == (0, f"{TEXTS[0]}\n"), result.stderr
