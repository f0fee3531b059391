"""What mutants are made from: small files of every kind that mdocr reads, made here."""

import io
import json
from pathlib import Path

import pymupdf
import torch
from page_models import save_tiny_line_reader
from PIL import Image, ImageDraw

import mdocr
from mdocr.batch.manifest import Manifest
from mdocr.batch.resume import PageRecords
from mdocr.document.model import Block, Box, Page, Source
from mdocr.models.charset import ENGLISH
from mdocr.options import ParseOptions
from mdocr.weights.keys import build
from mdocr.weights.mdiff4str_released import flattened_blocks, read_config, released_key

PICTURES = {"png": "PNG", "jpg": "JPEG", "tif": "TIFF", "gif": "GIF", "bmp": "BMP", "webp": "WEBP"}
GOLDEN = Path(__file__).parents[1] / "golden/mdiff4str/tiny_best.pth"
SIZES = {"dims": [4, 8, 12], "num_heads": [1, 2, 3]}
"""Of the encoder in a small checkpoint of the released format."""


def make_seeds(folder: Path) -> dict[str, list[bytes]]:
    """The content of files by their ending."""
    seeds = {ending: [picture(form, size) for size in (8, 64)] for ending, form in PICTURES.items()}
    seeds["pdf"] = [pdf(pages, clean) for pages in (1, 3) for clean in (True, False)]
    save_tiny_line_reader(folder / "model")
    seeds["safetensors"] = [(folder / "model/model.safetensors").read_bytes()]
    seeds["json"] = [(folder / "model/config.json").read_bytes()]
    seeds["pth"] = [released()]
    seeds["toml"] = shipped_runs("recognizer-[blrs]*")
    seeds["run"] = shipped_runs("parser-[fls]*")
    seeds["progress"] = [progress(folder)]
    seeds["manifest"] = [manifest(folder)]
    seeds["txt"] = [b"a.pdf\nscans/b.png\n/etc/*.pdf\n"]
    return seeds


def picture(form: str, size: int) -> bytes:
    image = Image.new("RGB", (size, size), "white")
    ImageDraw.Draw(image).text((1, 1), "ab", fill="black")
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


def pdf(pages: int, compressed: bool) -> bytes:
    with pymupdf.open() as document:
        for number in range(pages):
            page = document.new_page(width=120, height=80)
            page.insert_text((10, 30), f"page {number}", fontsize=12)
            page.draw_rect((10, 40, 60, 60))
            page.insert_image((70, 40, 90, 60), stream=picture("PNG", 8))
        return document.tobytes(deflate=compressed)


def released() -> bytes:
    published = torch.load(GOLDEN, weights_only=True)["config"]
    published["Architecture"]["Encoder"] |= SIZES
    config, flattened = read_config(published, ENGLISH, GOLDEN), flattened_blocks(published)
    state = {released_key(key, flattened): x for key, x in build(config).state_dict().items()}
    file = io.BytesIO()
    torch.save({"state_dict": state, "config": published}, file)
    return file.getvalue()


def shipped_runs(names: str) -> list[bytes]:
    folder = Path(mdocr.__file__).parent / "training/runs"
    return [path.read_bytes() for path in sorted(folder.glob(f"{names}.toml"))]


def progress(folder: Path) -> bytes:
    records = PageRecords(folder / "progress", {"name": "fuzz"}, ParseOptions())
    records.open(Source("a.pdf", 3, "0"), lambda page: True)
    for number in (1, 2):
        block = Block("text", Box(0, 0, 1, 1), "words and \\(x^2\\)", order=1)
        records.add(Page(number, 100, 100, (block,)))
    return (folder / "progress").read_bytes()


def manifest(folder: Path) -> bytes:
    made = Manifest(folder)
    for name in "ab":
        made.add(json.loads(f'{{"path": "{name}.pdf", "state": "done", "failures": []}}'))
    return made.path.read_bytes()
