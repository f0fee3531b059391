"""Semantic Shuffle: accuracy on meaningless text (arXiv 2603.22458, section 4).

Pages of English text are rendered with a share of their words shuffled. The more a reader relies on
the language rather than the image, the more its accuracy drops.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from mdocr.bench.options import ShuffleOptions
from mdocr.bench.synthetic_pages import set_page, synthetic_texts
from mdocr.errors import InputError, reason_of
from mdocr.evaluation.metrics import bleu, edit_similarity, plain
from mdocr.evaluation.page_parts import from_markdown, joined
from mdocr.evaluation.page_sets import TruePage
from mdocr.evaluation.pages import read_pages
from mdocr.parsing.parser import Parser


@dataclass(frozen=True)
class ShuffleRow:
    """One point of the curves.

    Attributes:
        mode: ``diffusion`` or ``autoregressive``.
        shuffled: share of shuffled words.
        pages: number of pages read.
        bleu: of all pages, 0 to 1.
        similarity: mean edit similarity of the pages, 0 to 1.
    """

    mode: str
    shuffled: float
    pages: int
    bleu: float
    similarity: float

    def to_dict(self) -> dict[str, Any]:
        """The row as a record of JSON or CSV."""
        return {
            "mode": self.mode,
            "shuffled": self.shuffled,
            "pages": self.pages,
            "bleu": round(self.bleu, 5),
            "similarity": round(self.similarity, 5),
        }


def measure(
    parser: Parser,
    texts: Sequence[Sequence[str]],
    options: ShuffleOptions,
    folder: Path,
    progress: Callable[[str], None] = lambda message: None,
) -> Iterator[ShuffleRow]:
    """Reads pages at every share of shuffled words, by both decoders.

    Args:
        parser: the page model.
        texts: paragraphs of each page.
        options: of the benchmark.
        folder: where the images of the pages are written.
        progress: called with the next step.
    """
    for share in options.shares:
        pages = shuffled_pages(texts, share, options.seed, folder)
        for mode, run in options.runs():
            progress(f"reading {len(pages)} pages, {share:.0%} of the words shuffled: {mode}")
            found = [_compared(text, page) for page, text, _ in read_pages(parser, pages, run)]
            yield ShuffleRow(
                mode,
                share,
                len(found),
                bleu([read for read, _ in found], [true for _, true in found]),
                mean(edit_similarity(read, true) for read, true in found),
            )


def shuffled_pages(
    texts: Sequence[Sequence[str]], share: float, seed: int, folder: Path
) -> list[TruePage]:
    """Renders pages with a share of their words shuffled; reproducible by seed."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    return [
        set_page(shuffled(paragraphs, share, rng), folder / f"{number:03d}-{share:.2f}.png")
        for number, paragraphs in enumerate(texts, start=1)
    ]


def shuffled(paragraphs: Sequence[str], share: float, rng: np.random.Generator) -> list[str]:
    """Shuffles a share of a page's words; paragraph lengths stay."""
    words = [word for paragraph in paragraphs for word in paragraph.split()]
    chosen = rng.permutation(len(words))[: round(share * len(words))]
    order = np.arange(len(words))
    order[np.sort(chosen)] = chosen
    mixed = iter([words[index] for index in order])
    return [" ".join(next(mixed) for _ in paragraph.split()) for paragraph in paragraphs]


def page_texts(data: Path | None, count: int, seed: int) -> list[list[str]]:
    """Paragraphs of each page: of the text files of a folder, or synthetic.

    Raises:
        InputError: there is no text.
    """
    if data is None:
        return synthetic_texts(count, seed)
    files = sorted(data.glob("*.txt"))[:count] if data.is_dir() else [data]
    texts = [_paragraphs(file) for file in files]
    if not any(texts):
        raise InputError(f"{data} holds no text", "Name a folder of .txt files, one per page.")
    return texts


def _paragraphs(file: Path) -> list[str]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read the text {file}: {reason_of(error)}",
            "Give UTF-8 text files, one per page.",
        ) from error
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]


def _compared(markdown: str, page: TruePage) -> tuple[str, str]:
    """Prediction and ground truth, normalised."""
    return plain(joined(from_markdown(markdown))), plain(joined(page.parts))
