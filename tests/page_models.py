"""Stand-ins for page models: answers from a function, in the order that continuous batching has."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pymupdf
import torch
from PIL import Image, ImageDraw, ImageFont

from mdocr.decoding.requests import BlockOptions, Generation, Request
from mdocr.models.line_reader import LineReader
from mdocr.models.line_reader_config import LineReaderConfig
from mdocr.models.mdiff4str_config import EncoderConfig
from mdocr.models.sdar_config import SDARConfig
from mdocr.weights.line_reader import save_line_reader

SYMBOLS = " abcdefghij"

Answer = Callable[[Image.Image, str], str]


class SpellingTokenizer:
    """A token is a character's code point."""

    def decode(self, tokens) -> str:
        return "".join(map(chr, tokens))


class FakeParser:
    """A page model whose texts come from a function of the picture and the prompt."""

    name = "fake"
    block_length = 32

    def __init__(self, answer: Answer, model: object = None, confidence: float = 0.9) -> None:
        self.answer = answer
        self.model = model
        self.reads_lines = self.reads_formulas = isinstance(model, LineReader)
        self.tokenizer = SpellingTokenizer()
        self.confidence = confidence
        self.asked: list[tuple[tuple[int, int], str, BlockOptions]] = []
        self.most_in_work = 0
        self.batch_sizes: list[int] = []
        self.verifies_drafts = self.is_slow = False

    def batch_size(self, max_tokens: int) -> int:
        return 3

    def request(self, image: Image.Image, prompt: str, options: BlockOptions) -> Request:
        self.asked.append((image.size, prompt, options))
        return Request((1,), options, frozenset(), (image, prompt))

    def denoise(self, requests: Iterator[Request], batch_size: int):
        self.batch_sizes.append(batch_size)
        waiting = enumerate(requests)
        chance = random.Random(0)  # texts do not end in the order of the requests
        active: list[tuple[int, Request]] = []
        while True:
            while len(active) < batch_size and (found := next(waiting, None)):
                active.append(found)
            if not active:
                return
            self.most_in_work = max(self.most_in_work, len(active))
            number, request = active.pop(chance.randrange(len(active)))
            yield number, self.generation(self.answer(*request.picture), len(active))

    def generation(self, text: str, passes: int) -> Generation:
        tokens = tuple(map(ord, text))
        sure = (self.confidence,) * len(tokens)
        return Generation(text, tokens, tuple(range(1, len(tokens) + 1)), sure, passes + 1)


def tiny_line_reader(formula_height: int = 0) -> LineReader:
    torch.manual_seed(0)
    encoder = EncoderConfig(
        (8, 16, 16), (1, 1, 1), (1, 2, 2), (1, 0, 0), ((2, 1), (2, 1)), drop_path=0.0
    )
    vocabulary = LineReaderConfig(SYMBOLS).vocabulary
    text = SDARConfig(vocabulary, 32, 48, 2, 2, 2, 16, rope_theta=10000.0)
    model = LineReader(LineReaderConfig(SYMBOLS, encoder, text, formula_height=formula_height))
    for parameter in model.parameters():
        parameter.data.mul_(3)  # so that predictions differ from place to place
    return model.eval().requires_grad_(False)


def save_tiny_line_reader(folder: Path, formula_height: int = 0) -> Path:
    model = tiny_line_reader(formula_height)
    save_line_reader(model.state_dict(), model.config, folder, {})
    return folder


def write_pdf(path: Path, pages: list[list[str]], **options) -> Path:
    """A PDF with one text line for each string, 40 points apart."""
    with pymupdf.open() as document:
        for lines in pages:
            page = document.new_page(width=400, height=400)
            for row, line in enumerate(lines):
                page.insert_text((40, 60 + 40 * row), line, fontsize=12)
        document.save(path, **options)
    return path


def region(kind: str, box: tuple[int, int, int, int], turn: str = "up") -> str:
    """A line of a layout, as the released model writes it; the box in thousandths."""
    corners = " ".join(f"{value:03}" for value in box)
    return f"<|box_start|>{corners}<|box_end|><|ref_start|>{kind}<|ref_end|><|rotate_{turn}|>"


def drawn(text: str, size: tuple[int, int], height: int = 24) -> Image.Image:
    picture = Image.new("RGB", size, "white")
    font = ImageFont.load_default(height)
    ImageDraw.Draw(picture).multiline_text((8, 6), text, fill="black", font=font, spacing=10)
    return picture
