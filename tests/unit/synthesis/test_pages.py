"""Made pages: regions that hold their ink, layouts that are read back, files on disk."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

pytest.importorskip("cv2")
pytest.importorskip("fontTools")
pytest.importorskip("matplotlib")

from mdocr.cli.synth import app
from mdocr.document.block_types import BLOCK_TYPES, PARATEXT_TYPES
from mdocr.document.document import Document
from mdocr.document.layout_text import format_layout, parse_layout
from mdocr.document.model import Block, Box
from mdocr.document.tables import from_otsl
from mdocr.errors import InputError, UsageError
from mdocr.synthesis.common.fonts import load_fonts
from mdocr.synthesis.corpora.sentences import Sentences
from mdocr.synthesis.pages.manifests import (
    TASKS,
    ManifestSample,
    read_manifest,
    write_manifest,
)
from mdocr.synthesis.pages.samples import (
    draw_pages,
    plain_text,
    write_pages,
)
from mdocr.synthesis.pages.sheets import PageSynthesizer, SyntheticPage
from mdocr.synthesis.samples import write_words

WORDS = ("alpha", "beta", "gamma", "delta", "omega", "wind", "short", "paper", "under", "over")
SENTENCES = Sentences(
    {"en": tuple(f"Number {n} of {' '.join(WORDS)} and so on." for n in range(9))}, {"en": WORDS}
)


@pytest.fixture(scope="module")
def synthesizer(plain_fonts: Path) -> PageSynthesizer:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MDOCR_CACHE", str(plain_fonts / "cache"))
        return PageSynthesizer(load_fonts([plain_fonts]), SENTENCES)


@pytest.fixture(scope="module")
def pages(synthesizer: PageSynthesizer) -> list[SyntheticPage]:
    return list(draw_pages(synthesizer, 12, 0.0, 3))


def test_pages_hold_many_kinds_of_regions(pages: list[SyntheticPage]) -> None:
    kinds = {block.type for page in pages for block in page.blocks}
    assert {"text", "title", "table", "equation", "list", "list_item", "page_number"} <= kinds
    assert kinds <= set(BLOCK_TYPES)


def test_boxes_hold_ink_and_do_not_cross(pages: list[SyntheticPage]) -> None:
    for page in pages:
        grey = page.picture.astype(float).mean(2)
        height, width = grey.shape
        inner = [block for block in page.blocks if block.type != "list"]
        for block in inner:
            box = block.box
            assert 0 <= box.x0 < box.x1 <= 1 and 0 <= box.y0 < box.y1 <= 1
            rows = slice(round(box.y0 * height), round(box.y1 * height))
            columns = slice(round(box.x0 * width), round(box.x1 * width))
            assert np.ptp(grey[rows, columns]) > 30
            assert bool(block.content) == (block.type not in ("image", "chart"))
        for place, block in enumerate(inner):
            for other in inner[place + 1 :]:
                assert block.box.intersection(other.box) < 0.1 * min(block.box.area, other.box.area)


def test_frames_hold_their_items(pages: list[SyntheticPage]) -> None:
    for page in pages:
        frames = [block.box for block in page.blocks if block.type == "list"]
        items = [block.box for block in page.blocks if block.type == "list_item"]
        assert all(any(item.inside(frame) > 0.99 for frame in frames) for item in items)


def test_nothing_but_regions_is_inked(pages: list[SyntheticPage]) -> None:
    """Of clean black-on-white pages: whatever is dark lies in a box, rules of notes aside."""
    for page in pages:
        if any(block.type == "page_footnote" for block in page.blocks):
            continue
        grey = page.picture.astype(float).mean(2)
        paper = np.median(grey)
        height, width = grey.shape
        for block in page.blocks:
            box = block.box
            rows = slice(int(box.y0 * height), int(box.y1 * height) + 2)
            grey[rows, int(box.x0 * width) : int(box.x1 * width) + 2] = paper
        assert (abs(grey - paper) > 60).mean() < 2e-4


def test_layouts_are_read_back_by_the_parser(pages: list[SyntheticPage]) -> None:
    for page in pages:
        layout = parse_layout(format_layout(page.blocks))
        assert not layout.malformed
        assert [block.type for block in layout.regions] == [block.type for block in page.blocks]
        for block, other in zip(layout.regions, page.blocks, strict=True):
            assert np.allclose(block.box.as_list(), other.box.as_list(), atol=6e-4)


def test_written_pages(pages: list[SyntheticPage], tmp_path: Path) -> None:
    assert write_pages(pages[:2], tmp_path) == 2
    with pytest.raises(UsageError, match=r"manifest\.jsonl exists"):
        write_pages(pages[:1], tmp_path)
    document = json.loads((tmp_path / "pages/000001.json").read_text("utf-8"))
    read = Document.from_dict(document).pages[0]
    assert [block.content for block in read.blocks] == [b.content for b in pages[0].blocks]
    text = (tmp_path / "pages/000001.gt.txt").read_text("utf-8")
    for block in read.blocks:
        if block.type == "text":
            assert (block.content in text) == (block.type not in PARATEXT_TYPES)
    samples = read_manifest(tmp_path / "manifest.jsonl")
    assert [sample.task for sample in samples].count("layout") == 2
    assert {sample.task for sample in samples} <= set(TASKS)
    assert all(sample.image.is_file() and sample.text for sample in samples)


def test_samples_are_replaced_only_if_that_is_wanted_and_none_is_left(
    pages: list[SyntheticPage], tmp_path: Path
) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/mine.png").write_bytes(b"mine")
    write_pages(pages[:2], tmp_path)
    assert write_pages(pages[:1], tmp_path, force=True) == 1
    names = {path.name.partition(".")[0] for path in (tmp_path / "pages").iterdir()}
    assert names == {"000001", "mine"}
    word = Image.new("L", (40, 20))
    with pytest.raises(UsageError, match="--force"):
        write_words([(word, "a")], tmp_path)
    write_words([(word, "a")], tmp_path, force=True)
    assert not (tmp_path / "manifest.jsonl").exists()  # its pictures are gone
    assert [path.name for path in (tmp_path / "pages").iterdir()] == ["mine.png"]


def test_text_in_reading_order() -> None:
    box = Box(0, 0, 1, 1)
    blocks = [
        Block("header", box, "Running"),
        Block("title", box, "A title"),
        Block("table", box, "<fcel>a<fcel>b<nl><fcel>c<lcel><nl>", "otsl"),
        Block("equation", box, "x = 1", "latex"),
        Block("image", box),
    ]
    assert plain_text(blocks) == "A title\na\tb\nc\n$$x = 1$$\n"


def test_manifests_come_back_and_are_checked(tmp_path: Path) -> None:
    samples = [
        ManifestSample(
            tmp_path / "a" / "1.png", "text", "one\ntwo", Box(0, 0.25, 1, 0.5), 1.5, 0.25
        ),
        ManifestSample(tmp_path / "2.png", "table", "<fcel>ü<nl>"),
    ]
    path = tmp_path / "manifest.jsonl"
    assert write_manifest(samples, path) == 2
    assert '"image": "a/1.png"' in path.read_text("utf-8")
    assert read_manifest(path) == samples
    for line, message in (("{", "line 1"), ('{"image": "x", "task": "no", "text": ""}', "'no'")):
        path.write_text(line, "utf-8")
        with pytest.raises(InputError, match=message):
            read_manifest(path)
    with pytest.raises(InputError, match="cannot read the manifest"):
        read_manifest(tmp_path / "none.jsonl")


@pytest.mark.parametrize("kind", ["tables", "formulas"])
def test_commands_write_pictures_labels_and_a_manifest(
    kind: str, plain_fonts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MDOCR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("mdocr.synthesis.corpora.sentences.load_sentences", lambda: SENTENCES)
    command = [kind, "-o", str(tmp_path / kind), "--count", "3"]
    if kind == "tables":
        command += ["--fonts", str(plain_fonts)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    samples = read_manifest(tmp_path / kind / "manifest.jsonl")
    labels = (tmp_path / kind / "labels.tsv").read_text("utf-8").splitlines()
    assert [sample.text for sample in samples] == [line.split("\t")[1] for line in labels]
    assert all(sample.image.is_file() for sample in samples)
    if kind == "tables":
        assert all(from_otsl(sample.text).width >= 2 for sample in samples)
