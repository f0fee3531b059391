"""What takes the place of linear layers: packed, the same; in eight bits, close, row by row."""

import copy
import timeit
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import nn

from mdocr.bench.cost import count_parameters, weight_bytes
from mdocr.bench.throughput import on_torch
from mdocr.decoding.requests import Feed
from mdocr.engines.torch_blocks import TorchBlocks
from mdocr.errors import UsageError
from mdocr.models.linear import (
    LARGEST,
    Int8Linear,
    PackedLinear,
    multiply_packed,
    multiply_plain,
    multiply_widened,
    pack,
    quantize,
    to_int8,
)
from mdocr.models.sdar import SDAR
from mdocr.models.sdar_config import SDARConfig
from mdocr.parsing.loading import load_parser

needs_bfloat16 = pytest.mark.skipif(
    not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="a CPU without AVX512"
)

TOLERANCE = {torch.float32: 0.02, torch.bfloat16: 0.03}
"""Of the largest result: eight bits of a weight, eight of an input."""


def linear(
    inputs: int, outputs: int, bias: bool = True, dtype: torch.dtype = torch.float32
) -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(inputs, outputs, bias=bias).to(dtype).requires_grad_(False)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("bias", [True, False])
def test_layer_is_close(dtype: torch.dtype, bias: bool) -> None:
    whole = linear(96, 40, bias, dtype)
    x = torch.randn(3, 5, 96, dtype=dtype)
    found, expected = Int8Linear(whole)(x), whole(x)
    assert (found.shape, found.dtype) == (expected.shape, dtype)
    assert float((found - expected).abs().max() / expected.abs().max()) < TOLERANCE[dtype]


def test_rows_do_not_depend_on_each_other() -> None:
    layer = Int8Linear(linear(64, 48))
    x = torch.randn(7, 64) * torch.tensor([1, 100, 1e-3, 1, 1e4, 1, 1.0])[:, None]
    alone = torch.cat([layer(row[None]) for row in x])
    assert torch.equal(layer(x), alone)


def test_row_of_zeros_gives_the_bias() -> None:
    whole = linear(16, 8)
    assert torch.equal(Int8Linear(whole)(torch.zeros(2, 16)), whole.bias.expand(2, 8))


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_largest_number_does_not_overflow(dtype: torch.dtype) -> None:
    rows = torch.linspace(0.01, 3, 300)[:, None].to(dtype) * torch.tensor([1.0, -1.0]).to(dtype)
    whole, scales = to_int8(rows)
    assert int(whole.abs().min()) >= LARGEST - 1
    assert torch.equal(whole.sign(), rows.sign().to(torch.int8))
    assert torch.allclose(whole * scales, rows, rtol=0.01)


@pytest.mark.parametrize("rows", [1, 16, 17, 40])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_devices_multiply_alike(rows: int, dtype: torch.dtype) -> None:
    weight, scales = to_int8(torch.randn(300, 64))
    x, _ = to_int8(torch.randn(rows, 64))
    expected = multiply_plain(x, weight, scales.flatten(), dtype)
    widened = multiply_widened(x, weight, scales.flatten(), dtype)
    assert widened.dtype == dtype
    assert torch.allclose(widened, expected, rtol=1e-6)
    if torch.cpu._is_vnni_supported():
        packed = torch.ops.onednn.qlinear_prepack(weight, None)
        found = multiply_packed(x, packed, scales.flatten(), dtype)
        assert torch.allclose(found, expected, rtol=1e-2 if dtype == torch.bfloat16 else 1e-6)


@needs_bfloat16
@pytest.mark.parametrize("rows", [1, 40, 300])
@pytest.mark.parametrize("bias", [True, False])
def test_packed_layer_gives_the_same(rows: int, bias: bool) -> None:
    whole = linear(64, 300, bias, torch.bfloat16)
    x = torch.randn(2, rows, 64, dtype=torch.bfloat16)
    difference = (PackedLinear(whole)(x) - whole(x)).abs().max() / whole(x).abs().max()
    assert float(difference) <= torch.finfo(torch.bfloat16).eps


@needs_bfloat16
def test_only_bfloat16_is_packed() -> None:
    single, half = small(), small().bfloat16()
    count, size = count_parameters(half), weight_bytes(half)
    pack(single)
    pack(half)
    assert not any(isinstance(part, PackedLinear) for part in single.modules())
    assert not any(isinstance(part, nn.Linear) for part in half.modules())
    assert (count_parameters(half), weight_bytes(half)) == (count, size)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_eight_bits_take_no_slow_kernel_for_half_precision(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    single = nn.Linear(512, 512)
    x = torch.randn(64, 512)
    layers = [(Int8Linear(single), x), (Int8Linear(copy.deepcopy(single).to(dtype)), x.to(dtype))]
    layers.append((single, x))
    with torch.inference_mode():
        for layer, rows in layers:
            layer(rows)  # the first call compiles
        seconds = [min(timeit.repeat(lambda a=a, b=b: a(b), number=3)) for a, b in layers]
        single, half, _ = (layer(rows).float() for layer, rows in layers)
    assert max(seconds) < 20 * seconds[2]  # a reference kernel takes hundreds of times as long
    assert float((single - half).abs().max() / single.abs().max()) < 0.02


def small() -> SDAR:
    torch.manual_seed(0)
    config = SDARConfig(50, 64, 96, 2, 4, 2, 16)
    return SDAR(config).eval().requires_grad_(False)


def test_all_but_heads_are_quantized() -> None:
    model = small()
    count = count_parameters(model)
    quantize(model)
    left = [name for name, part in model.named_modules() if isinstance(part, nn.Linear)]
    assert left == ["lm_head"]
    assert count_parameters(model) == count
    matrices = sum(
        part.in_features * part.out_features
        for part in model.modules()
        if isinstance(part, Int8Linear)
    )
    assert weight_bytes(model) == 4 * count - 3 * matrices


def test_large_layout_predicts_nearly_the_same(golden: Path) -> None:
    folder = golden / "mineru_diffusion"
    prompt = tuple(range(40, 72))
    feed = Feed(0, 0, prompt, (32,) * 32, tuple(range(32)), 32, 32, None)
    plain, eight = (
        TorchBlocks(on_torch(load_parser(folder, "cpu", dtype)), 1)([feed])
        for dtype in ("float32", "int8")
    )
    assert float((plain - eight).abs().max() / plain.abs().max()) < 0.05


def test_lite_page_reads_the_same(tmp_path: Path) -> None:
    page = Image.new("RGB", (420, 160), "white")
    text = "The quick brown fox\njumps over the lazy dog\nand reads 14 more lines."
    ImageDraw.Draw(page).multiline_text(
        (8, 6), text, fill="black", font=ImageFont.load_default(24), spacing=10
    )
    page.save(tmp_path / "page.png")
    (block,) = load_parser("lite", "cpu", "int8").parse(tmp_path / "page.png").pages[0].blocks
    assert block.content == text


def test_unknown_type_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        load_parser("lite", "cpu", "int4")
    assert "int8" in str(caught.value.hint)
