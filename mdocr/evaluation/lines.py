"""Scores of the line reader on synthetic lines in held-out fonts."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from mdocr.decoding.blocks import denoise
from mdocr.decoding.ctc import greedy
from mdocr.decoding.requests import BlockOptions, Request
from mdocr.engines.torch_blocks import TorchBlocks
from mdocr.evaluation.metrics import edits
from mdocr.models.line_reader import LineReader
from mdocr.models.line_reader_config import LineReaderConfig
from mdocr.preprocessing.formula_notation import of_text
from mdocr.preprocessing.line_images import LineImage, prepare_line
from mdocr.synthesis.common.fonts import load_fonts
from mdocr.synthesis.common.typefaces import HELD_OUT_FAMILIES, held_out_fonts
from mdocr.synthesis.corpora.sentences import load_sentences
from mdocr.synthesis.lines.pictures import LineSynthesizer
from mdocr.synthesis.lines.texts import draw_prose, draw_text

logger = logging.getLogger(__name__)

WIDTHS = (128, 256, 384, 512)


@dataclass(frozen=True)
class SyntheticLine:
    """A line with its ground truth."""

    picture: LineImage
    text: str
    width: int


def synthetic_lines(
    config: LineReaderConfig,
    count: int,
    seed: int = 1,
    prose: bool = False,
    folders: Sequence[Path] | None = None,
) -> list[SyntheticLine]:
    """Lines in held-out fonts, reproducible by their arguments.

    Empty, with a warning, if no such font is installed.

    Args:
        config: of the model that will read them.
        count: number of lines.
        seed: of all randomness.
        prose: only running text, without numbers, codes, formulas and random characters.
        folders: folders of fonts, instead of the system's.
    """
    fonts = held_out_fonts(load_fonts(folders))
    if not fonts:
        families = ", ".join(HELD_OUT_FAMILIES)
        logger.warning("no lines to score: no held-out font is installed (%s)", families)
        return []
    texts = draw_prose if prose else draw_text
    symbols = of_text(config.symbols)
    synthesizer = LineSynthesizer(fonts, load_sentences(), symbols, texts)
    lines = []
    for number in range(count):
        rng = np.random.default_rng((seed, 9, number))
        width = WIDTHS[number % len(WIDTHS)]
        pixels, text = synthesizer.draw(rng, width, 0.3)
        lines.append(SyntheticLine(prepare_line(Image.fromarray(pixels)), text, width))
    return lines


def score_lines(
    model: LineReader, lines: list[SyntheticLine], threshold: float = 0.95
) -> dict[str, float]:
    """Character error rates (0 to 1) of CTC head and block diffusion; passes per character."""
    letters = [_ctc_text(model, line.picture) for line in lines]
    options = BlockOptions(threshold=threshold, block_length=16, max_tokens=128)
    generations = generate_lines(model, [line.picture for line in lines], options)
    texts = [model.config.charset.decode(tokens) for tokens, _ in generations]
    characters = sum(len(line.text) for line in lines)
    scores = {
        "ctc": error_rate(letters, [line.text for line in lines]),
        "diffusion": error_rate(texts, [line.text for line in lines]),
        "passes_per_character": sum(passes for _, passes in generations) / characters,
    }
    for width in WIDTHS:
        rows = [row for row, line in enumerate(lines) if line.width == width]
        scores[f"diffusion_{width}"] = error_rate(
            [texts[row] for row in rows], [lines[row].text for row in rows]
        )
    return scores


def generate_lines(
    model: LineReader, pictures: list[LineImage], options: BlockOptions
) -> list[tuple[tuple[int, ...], int]]:
    """Token ids and passes of lines, in order."""
    config = model.config
    requests = [
        Request(
            (config.image_token_id,) * picture.tokens + (config.task_id("text"),),
            options,
            frozenset({config.charset.eos_id}),
            picture,
        )
        for picture in pictures
    ]
    batch_size = 16
    made = dict(denoise(TorchBlocks(model, batch_size), requests, config.mask_token_id, batch_size))
    return [(made[row].tokens, made[row].passes) for row in range(len(requests))]


def error_rate(read: list[str], true: list[str]) -> float:
    """Edits per character of the ground truth."""
    wrong = sum(edits(a, b) for a, b in zip(read, true, strict=True))
    return wrong / max(sum(map(len, true)), 1)


@torch.inference_mode()
def _ctc_text(model: LineReader, picture: LineImage) -> str:
    """Greedy CTC decoding."""
    pixels = torch.from_numpy(picture.pixels)[None].to(model.device)
    logits = model.encode(pixels).ctc_logits[0].float().cpu().numpy()
    return "".join(model.config.symbols[run.token - 1] for run in greedy(logits))
