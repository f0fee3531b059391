"""Hard samples: how alike answers are, what is kept, and what it then weighs."""

import logging
from pathlib import Path

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

pytest.importorskip("apted")

from mdocr.cli.train import app
from mdocr.errors import InputError, UsageError
from mdocr.synthesis.pages.manifests import ManifestSample, read_manifest, write_manifest
from mdocr.training.mineru_diffusion.agreement import consistency, similarity
from mdocr.training.mineru_diffusion.mining import judged, mine_manifest, summary
from mdocr.training.mineru_diffusion.mining_options import MiningOptions

GOLDEN = Path(__file__).parents[2] / "golden" / "mineru_diffusion"
LINE = "<|box_start|>{}<|box_end|><|ref_start|>{}<|ref_end|><|rotate_up|>"


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def layout(*regions: tuple[str, str]) -> str:
    return "\n".join(LINE.format(box, kind) for box, kind in regions)


def test_layouts_agree_by_the_overlap_of_their_best_matches():
    one = layout(("000 000 100 100", "text"), ("500 500 600 600", "title"))
    half = layout(("000 000 100 050", "text"), ("500 500 600 600", "title"))
    assert similarity("layout", one, one) == 1
    assert similarity("layout", one, half) == pytest.approx((0.5 + 1 + 0.5 + 1) / 4)
    assert similarity("layout", half, one) == similarity("layout", one, half)
    more = layout(("000 000 100 100", "text"), ("500 500 600 600", "title"), ("0 0 9 9", "image"))
    assert similarity("layout", one, more) == pytest.approx(4 / 5)
    other_kind = layout(("000 000 100 100", "table"), ("500 500 600 600", "title"))
    assert similarity("layout", one, other_kind) == pytest.approx(0.5)
    assert similarity("layout", "", one) == 0 and similarity("layout", "?", "!") == 1


def test_tables_agree_by_their_trees():
    table = "<fcel>a<fcel>b<nl><fcel>c<fcel>d<nl>"
    assert similarity("table", table, table.replace("\n", "")) == 1
    one_cell = similarity("table", table, "<fcel>a<fcel>b<nl><fcel>c<fcel>x<nl>")
    a_row = similarity("table", table, "<fcel>a<fcel>b<nl>")
    assert 0 < a_row < one_cell < 1
    assert similarity("table", table, "") == 0


@pytest.mark.parametrize("task", ["text", "formula"])
def test_texts_and_formulas_agree_by_their_edits(task):
    assert similarity(task, "kitten", "sitting") == pytest.approx(1 - 3 / 7)
    assert similarity(task, "", "") == 1 and similarity(task, "a", "") == 0


def test_consistency_is_the_mean_over_all_pairs():
    assert consistency("text", ["ab", "ab", "ac"]) == pytest.approx((1 + 0.5 + 0.5) / 3)
    assert consistency("text", ["ab"]) == 1


def test_inconsistent_samples_are_kept_and_weigh_more():
    options = MiningOptions(answers=2, keep_below=0.75, extra_weight=2.0)
    sample = ManifestSample(Path("p.png"), "text", "ab", weight=3.0)
    hard = judged(0, sample, ["ab", "xb"], options)
    assert hard.kept and hard.sample.consistency == 0.5 and hard.sample.weight == 2.0
    easy = judged(1, sample, ["ab", "ab"], options)
    assert not easy.kept and easy.sample.weight == 3.0 and easy.sample.consistency == 1
    assert summary([hard, easy]) == [("text", 2, 1, 0.75)]


@pytest.mark.parametrize(
    "wrong",
    [{"answers": 1}, {"keep_below": 1.1}, {"extra_weight": -1}, {"temperature": 0}],
)
def test_options_that_make_no_sense(wrong):
    with pytest.raises(UsageError):
        MiningOptions(**wrong)


@pytest.fixture
def manifest(tmp_path) -> Path:
    samples = []
    for number, task in enumerate(("text", "table", "formula", "layout")):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (60, 30 + 30 * number), "white").save(path)
        samples.append(ManifestSample(path, task, "ab"))
    samples.insert(2, ManifestSample(tmp_path / "none.png", "text", "lost"))
    write_manifest(samples, tmp_path / "all.jsonl")
    return tmp_path / "all.jsonl"


def mine(manifest: Path, output: Path, **options):
    how = MiningOptions(answers=2, temperature=2.0, batch_size=3, **options)
    return mine_manifest(manifest, output, (str(GOLDEN), "cpu"), how, (4, 8))


def test_a_random_model_finds_everything_hard(manifest, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "mdocr.training"):
        found = mine(manifest, tmp_path / "hard" / "hard.jsonl")
    assert "sample 3 is skipped" in caplog.text
    assert [each.number for each in found] == [0, 1, 3, 4]
    kept = read_manifest(tmp_path / "hard" / "hard.jsonl")
    hard = [each.sample for each in found if each.kept]
    assert 1 <= len(kept) == len(hard)
    for one, other in zip(kept, hard, strict=True):
        assert one.image == other.image and one.image.is_file()
        assert one.weight == pytest.approx(2 - one.consistency, abs=1e-5)
        assert one.consistency < 0.9
    again = mine(manifest, tmp_path / "again.jsonl")
    assert again == found
    other_seed = mine(manifest, tmp_path / "other.jsonl", seed=99)
    assert [e.sample.consistency for e in other_seed] != [e.sample.consistency for e in found]


def test_nothing_to_read(manifest, tmp_path):
    for number in range(4):
        (tmp_path / f"{number}.png").unlink()
    with pytest.raises(InputError, match="no image of"):
        mine(manifest, tmp_path / "hard.jsonl")


def test_the_command_prints_what_was_kept(manifest, tmp_path):
    command = ["mine", str(manifest), "-o", str(tmp_path / "hard.jsonl"), "--model", str(GOLDEN)]
    command += ["--device", "cpu", "--answers", "2", "--block-length", "4", "--max-tokens", "8"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    rows = [line.split("\t") for line in done.stdout.strip().splitlines()]
    assert rows[0] == ["task", "samples", "kept", "consistency"]
    assert {row[0] for row in rows[1:]} == {"text", "table", "formula", "layout"}
    kept = sum(int(row[2]) for row in rows[1:])
    lines = (tmp_path / "hard.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == kept


def test_an_output_that_cannot_be_written_is_told_first(manifest, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "mdocr.training.mineru_diffusion.mining.load_mineru_diffusion",
        lambda *_: pytest.fail("loaded"),
    )
    (tmp_path / "file").write_text("mine")
    for output in (tmp_path, tmp_path / "file" / "hard.jsonl"):
        with pytest.raises(UsageError):
            mine(manifest, output)
