"""What is timed, how it is counted, and what is drawn; never how fast it is."""

import dataclasses

import numpy as np
import pytest
import torch
from page_models import FakeParser, region
from PIL import Image

from mdocr.bench import latency, limits, plots, shuffle, throughput
from mdocr.bench.corpus import CorpusRate
from mdocr.bench.cost import WordCost, counted
from mdocr.bench.limits import Limits
from mdocr.bench.options import PAPER, LatencyOptions, ShuffleOptions, ThroughputOptions
from mdocr.bench.pictures import pages_of, pictures_of
from mdocr.bench.setup import measured_with
from mdocr.errors import InputError, UsageError
from mdocr.models.sdar import SDAR
from mdocr.models.sdar_config import SDARConfig
from mdocr.options import RecognizeOptions
from mdocr.recognizer import load_recognizer

CPU = torch.device("cpu")
LIMITS = Limits("cpu", "a processor", 1, "float32", arithmetic=1e9, bandwidth=1e8)
TEXT_REGION = region("text", (50, 50, 950, 950))
ROW = {"steps": 1, "median": 5.0, "decoder": "parallel", "engine": "torch", "device": "cpu"}


@pytest.fixture
def reader(golden):
    return load_recognizer(golden / "mdiff4str/tiny_best.pth", "cpu", "torch")


def pictures(*sizes):
    return [Image.effect_noise(size, 60).convert("RGB") for size in sizes]


def test_limits_are_measured(monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 0.0)
    monkeypatch.setitem(limits.SIDE, "cpu", 64)
    monkeypatch.setitem(limits.COPIED, "cpu", 2**16)
    found = limits.measure_limits(CPU)
    assert found.arithmetic > 0
    assert found.bandwidth > 0
    assert found.to_dict()["dtype"] == "float32"
    assert limits.peak_memory(CPU) > 0


def test_operations_are_those_of_the_layers():
    layer = torch.nn.Linear(3, 5, bias=False)
    with counted() as counter, torch.no_grad():
        layer(torch.zeros(7, 3))
    assert counter.get_total_flops() == 2 * 7 * 3 * 5


def test_a_pass_of_the_decoder_costs_less_than_the_picture(reader):
    cost = WordCost(reader.engine)
    encoder, decoder = cost.operations((3, 32, 128))
    assert encoder > decoder > 0
    parameters = sum(p.numel() for p in reader.engine.model.parameters())
    assert cost.parameters == parameters
    assert cost.moved(1) == 4 * parameters
    assert cost.moved(3) > cost.moved(2) > cost.moved(1)


def test_every_decoder_and_number_of_steps_is_timed():
    runs = list(LatencyOptions().runs(1))
    assert len(runs) == 3 * 8 + 3
    assert len({(run.decoder, run.steps) for run in runs}) == len(runs)


@pytest.mark.parametrize(
    "options",
    [
        {"steps": (0,)},
        {"steps": (27,)},
        {"batch_sizes": ()},
        {"repeats": 0},
        {"decoders": ()},
        {"decoders": ("guess",)},
    ],
)
def test_options_that_make_no_sense_are_refused(options):
    with pytest.raises(UsageError):
        LatencyOptions(**options)


def test_batches_hold_one_shape_and_are_full():
    batches = latency.batches_of(pictures((64, 16), (16, 16), (64, 15)), 2)
    assert [[picture.size for picture in batch] for batch in batches] == [
        [(64, 16), (64, 15)],
        [(16, 16), (16, 16)],
    ]


def test_rows_count_the_work_that_was_done(reader):
    subject = latency.Subject(reader, "torch", LIMITS, WordCost(reader.engine))
    options = LatencyOptions(("parallel", "autoregressive"), (1,), (1, 2), 0, 2)
    said = []
    rows = list(latency.measure(subject, pictures((64, 16), (64, 16)), options, said.append))
    assert [(row.decoder, row.batch_size, row.batches) for row in rows] == [
        ("parallel", 1, 4),
        ("autoregressive", 1, 4),
        ("parallel", 2, 2),
        ("autoregressive", 2, 2),
    ]
    assert len(said) == 4
    assert rows[0].passes == 1
    assert rows[0].steps is None
    for row in rows:
        assert 0 < row.median <= row.p90 <= row.p99
        assert row.images_per_second == pytest.approx(1000 * row.batch_size / row.mean)
        assert row.of_arithmetic == pytest.approx(row.gigaflops * 1e9 / LIMITS.arithmetic)
        assert row.of_bandwidth > 0
    assert rows[0].to_dict()["median"] == pytest.approx(rows[0].median, rel=1e-4)
    assert subject.to_dict()["parameters"] > 0


def test_what_cannot_be_counted_is_left_out(reader):
    subject = latency.Subject(reader, "onnx", LIMITS, None)
    options = LatencyOptions(("parallel",), (1,), (1,), 0, 1)
    (row,) = latency.measure(subject, pictures((64, 16)), options)
    assert (row.gigaflops, row.of_arithmetic, row.of_bandwidth) == (None, None, None)
    assert subject.to_dict()["parameters"] is None


def test_stages_are_those_of_reading(reader):
    timed = latency.time_batch(reader, pictures((64, 16)), RecognizeOptions("parallel"))
    assert len(timed.seconds) == len(latency.STAGES)
    assert (timed.words, timed.calls, timed.rows, timed.passes) == (1, 1, 1, 1)


def test_ways_to_decode_pages():
    options = ThroughputOptions(thresholds=(0.5, 0.9))
    runs = dict(options.runs())
    assert [run.threshold for run in runs.values()][:2] == [0.5, 0.9]
    assert runs[throughput.AUTOREGRESSIVE].block_length == 1
    for wrong in ({"thresholds": (1.5,)}, {"thresholds": (), "autoregressive": False}):
        with pytest.raises(UsageError):
            ThroughputOptions(**wrong)


def test_the_cost_of_passes():
    config = SDARConfig(10, 8, 16, 1, 2, 2, 4, rope_theta=10000.0)
    model = SDAR(config)
    layers = sum(parameter.numel() for parameter in model.model.layers.parameters())
    work = throughput.Work(calls=2, fed=5, queries=3)
    operations, moved = throughput.cost(model, work)
    assert operations == 2 * (5 * layers + 3 * 80)
    assert moved == 2 * 4 * (layers + 80)


def test_shuffling_keeps_words_and_lengths():
    paragraphs = [" ".join(f"w{n}" for n in range(50)), "a b c"]
    words = " ".join(paragraphs).split()
    for share in (0.0, 0.4, 1.0):
        mixed = shuffle.shuffled(paragraphs, share, np.random.default_rng(1))
        assert [len(text.split()) for text in mixed] == [50, 3]
        found = " ".join(mixed).split()
        assert sorted(found) == sorted(words)
        moved = sum(a != b for a, b in zip(found, words, strict=True))
        assert moved <= round(share * len(words))
        assert moved >= 0.8 * share * len(words)
    for wrong in ({"shares": (2.0,)}, {"shares": ()}, {"pages": 0}, {"threshold": 3}):
        with pytest.raises(UsageError):
            ShuffleOptions(**wrong)


def test_shuffled_pages_are_set_and_read(tmp_path):
    texts = [["one two three four five six"]]
    pages = shuffle.shuffled_pages(texts, 1.0, 0, tmp_path)
    (page,) = pages
    assert page.path.exists()
    assert sorted(page.parts[0].content.split()) == sorted(texts[0][0].split())
    reader = FakeParser(lambda picture, prompt: TEXT_REGION if prompt == "layout" else "one two")
    options = ShuffleOptions(shares=(0.0,))
    rows = list(shuffle.measure(reader, texts, options, tmp_path))
    assert [row.mode for row in rows] == ["diffusion", "autoregressive"]
    assert rows[0].similarity == pytest.approx(7 / 27)
    assert reader.asked[-1][2].block_length == 1


def test_pictures_come_from_folders(tmp_path):
    for name in "ba":
        pictures((8, 8))[0].save(tmp_path / f"{name}.png")
    assert [str(path)[-5:] for path in pictures_of(tmp_path)] == ["a.png", "b.png"]
    assert len(pictures_of(tmp_path, 1)) == 1
    first, _ = pages_of(tmp_path)
    assert (first.name, first.parts) == ("a", ())
    with pytest.raises(InputError):
        pictures_of(tmp_path / "nowhere")


def test_plots_are_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    rows = [{**ROW, "batch_size": 1}, {**ROW, "batch_size": 1, "steps": None, "decoder": "refine"}]
    plots.plot_latency(rows, "title", tmp_path / "latency.svg")
    speed = [
        {"mode": "threshold 0.5", "tokens_per_second": 9.0, "similarity": 0.8},
        {"mode": "autoregressive", "tokens_per_second": 3.0, "similarity": 0.9},
    ]
    path = tmp_path / "speed.svg"
    plots.plot_speed_accuracy(speed, throughput.published(), "title", path)
    before = path.read_bytes()
    plots.plot_speed_accuracy(speed, [], "title", path)
    assert len(before) > len(path.read_bytes()) + 1000  # the published points are drawn too
    plots.plot_speed_accuracy(speed, throughput.published(), "title", path)
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["latency.svg", "speed.svg"]


def test_plots_that_cannot_be_drawn_are_refused_early(tmp_path):
    for path in (tmp_path / "a.txt", tmp_path / "nowhere" / "a.svg"):
        with pytest.raises(UsageError):
            plots.check_plot(path)


def test_reports_say_what_they_were_made_with():
    facts = measured_with()
    assert facts["packages"]["torch"] == torch.__version__
    assert facts["python"]


def test_the_papers_protocol_reads_one_picture_at_a_time():
    assert PAPER.batch_sizes == (1,)
    assert PAPER.repeats == 1
    assert {point["decoder"] for point in latency.published()} <= set(PAPER.decoders)
    assert dataclasses.replace(PAPER, steps=(3,)).steps == (3,)


def test_the_meter_asks_again_where_there_was_nothing_for_the_moment():
    class Dry:
        answers = iter([1, None, 3])

        def __iter__(self):
            return self

        def __next__(self):
            if (found := next(self.answers)) is None:
                raise StopIteration
            return found

    untimed = throughput._Untimed(Dry(), throughput.Work())
    assert [next(untimed, None) for _ in range(3)] == [1, None, 3]


def test_a_million_pages_cost_what_one_takes_a_million_times():
    rate = CorpusRate(workers=2, threads=1, pages=4, failures=0, seconds=30, cpu_seconds=7.2)
    row = rate.to_dict(price=0.04)
    assert row["pages_per_minute"] == 8
    assert row["cpu_seconds_per_page"] == pytest.approx(1.8)
    assert row["core_hours_per_million"] == pytest.approx(500)
    assert row["cost_per_million"] == pytest.approx(20)
    assert rate.to_dict(None)["cost_per_million"] is None
    nothing = dataclasses.replace(rate, pages=0).to_dict(0.04)
    assert nothing["cost_per_million"] is None and nothing["pages_per_minute"] == 0
