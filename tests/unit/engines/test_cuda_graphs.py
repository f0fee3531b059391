"""Block steps in fixed shapes give the same tokens; what a device refuses goes the usual way.

Fixed shapes run on a CPU too. Recordings themselves are tested on a GPU (tests/parity).
"""

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from golden_pages import CASES, expected, generated

from mdocr.bench.throughput import Meter
from mdocr.decoding.blocks import denoise
from mdocr.decoding.requests import BlockOptions, Feed, Request
from mdocr.engines import cuda_graphs
from mdocr.engines.cuda_graphs import GraphedBlocks, pad_feeds
from mdocr.engines.torch_blocks import TorchBlocks
from mdocr.engines.torch_pages import TorchPageEngine
from mdocr.errors import OutOfMemoryError, UsageError
from mdocr.parsing.loading import load_parser
from mdocr.parsing.parser import Parser


@pytest.fixture
def graphed(golden: Path) -> Parser:
    parser = load_parser(golden / "mineru_diffusion", "cpu", "float32")
    engine = TorchPageEngine(parser.engine.model, parser.engine.folder, cuda_graphs=True)
    return Parser(engine, parser.tokenizer, parser.pictures, parser.name)


@pytest.mark.parametrize("case", CASES)
def test_golden_tokens(graphed: Parser, case: str) -> None:
    assert generated(graphed, case, batch_size=3).tokens == expected(case)[0]


def requests() -> list[Request]:
    return [
        Request(tuple(range(30, 30 + length)), BlockOptions(0.3, block, 2, tokens))
        for length, block, tokens in ((5, 4, 30), (9, 8, 300), (3, 4, 9), (17, 16, 40))
    ]


@pytest.mark.parametrize("batch_size", [2, 3, 5])
def test_mixed_sequences(graphed: Parser, batch_size: int) -> None:
    model, mask = graphed.engine.model, graphed.engine.model.config.mask_token_id
    usual, fixed = (
        dict(denoise(kind(model, batch_size), requests(), mask, batch_size))
        for kind in (TorchBlocks, GraphedBlocks)
    )
    assert {n: made.tokens for n, made in fixed.items()} == {
        n: made.tokens for n, made in usual.items()
    }


def test_device_that_refuses(
    graphed: Parser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(self: GraphedBlocks, inputs: Any) -> None:
        raise RuntimeError("operation not permitted when stream is capturing\nmore")

    monkeypatch.setattr(GraphedBlocks, "_run", refuse)
    mask = graphed.engine.model.config.mask_token_id
    with caplog.at_level(logging.WARNING):
        made = dict(denoise(GraphedBlocks(graphed.engine.model, 2), requests(), mask, 2))
    expected = dict(denoise(TorchBlocks(graphed.engine.model, 2), requests(), mask, 2))
    assert [made[n].tokens for n in range(4)] == [expected[n].tokens for n in range(4)]
    (record,) = caplog.records
    assert "cannot be recorded" in record.message
    assert "more" not in record.message


def test_memory_that_runs_out_is_told(graphed: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: GraphedBlocks, inputs: Any) -> None:
        raise RuntimeError("CUDA out of memory")

    monkeypatch.setattr(GraphedBlocks, "_run", refuse)
    with pytest.raises(OutOfMemoryError):
        graphed.generate([None], [list(range(30, 40))], max_tokens=8)


def test_other_devices_have_no_graphs(golden: Path) -> None:
    with pytest.raises(UsageError, match="no CUDA graphs on cpu"):
        load_parser(golden / "mineru_diffusion", "cpu", cuda_graphs=True)


def test_pad_feeds_leaves_other_slots_alone() -> None:
    feed = Feed(1, 8, (5, 6), (12, 12), (0, 1), 40, 4)
    longer = Feed(2, 4, (5, 6, 7, 8), (8, 8, 8, 8), (2,), 40, 4)
    idle, padded, same = pad_feeds([longer, feed], 4, 3, 64)
    assert (idle.sequence, idle.start, idle.tokens, idle.queries) == (0, 60, (0,) * 4, ())
    assert (padded.tokens, padded.visible, padded.queries) == ((5, 6, 0, 0), (12,) * 4, (0, 1))
    assert same == longer


def test_recordings_are_replayed_with_new_inputs(
    graphed: Parser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a stand-in for CUDA's recordings that computes anew from what it holds."""

    class Replayed(cuda_graphs.Recording):
        def replay(self, inputs: Any) -> Any:
            for held, new in zip(self.inputs, inputs, strict=True):
                held.copy_(new)
            step: Any = self.graph
            return step(*self.inputs)

    made: list[torch.Size] = []

    def record(step: Any, inputs: Any, others: Any) -> Replayed:
        made.append(inputs[-1].shape)
        return Replayed(step, tuple(value.clone() for value in inputs), inputs[0])

    monkeypatch.setattr(cuda_graphs, "record", record)
    monkeypatch.setattr(GraphedBlocks, "_records", property(lambda self: True))
    mask = graphed.engine.model.config.mask_token_id
    usual, replayed = (
        dict(denoise(kind(graphed.engine.model, 2), requests(), mask, 2))
        for kind in (TorchBlocks, GraphedBlocks)
    )
    assert {n: one.tokens for n, one in replayed.items()} == {
        n: one.tokens for n, one in usual.items()
    }
    passes = sum(one.passes for one in usual.values())
    assert 0 < len(made) < passes / 2


def test_work_is_counted_alike(graphed: Parser, golden: Path) -> None:
    works = []
    for parser in (graphed, load_parser(golden / "mineru_diffusion", "cpu", "float32")):
        meter = Meter(parser)
        dict(meter.denoise(iter(requests()), 2))
        works.append((meter.work.calls, meter.work.fed, meter.work.queries, meter.work.passes))
    assert works[0] == works[1]
    assert works[0][0] > 10
