"""``mdocr synth``: look at the training data that mdocr makes, or write it to disk."""

from pathlib import Path
from typing import Annotated

import typer

from mdocr.cli import console
from mdocr.cli.command import Command, command_group, examples
from mdocr.synthesis.common.fonts import Font, load_fonts
from mdocr.synthesis.common.typefaces import group_typefaces, held_out_fonts, training_fonts
from mdocr.synthesis.corpora.sentences import load_sentences
from mdocr.synthesis.corpora.vocabulary import load_vocabulary, load_words
from mdocr.synthesis.formulas.grammar import draw_formulas
from mdocr.synthesis.lines.pictures import LineSynthesizer, draw_lines
from mdocr.synthesis.pages.samples import draw_pages, write_crops, write_pages
from mdocr.synthesis.pages.sheets import PageSynthesizer
from mdocr.synthesis.samples import check_samples_folder, draw_words, write_words
from mdocr.synthesis.tables.pictures import draw_tables
from mdocr.synthesis.words.pictures import WordSynthesizer

app = command_group("Make training data: pictures with known text.")

Output = Annotated[
    Path, typer.Option("-o", "--output", metavar="DIR", help="Folder to write to.", file_okay=False)
]
Count = Annotated[int, typer.Option("--count", min=1, help="How many pictures.")]
Difficulty = Annotated[
    float, typer.Option("--difficulty", min=0, max=1, help="0: clean print; 1: worn copies.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="The same seed makes the same pictures.")]
Fonts = Annotated[
    list[Path] | None,
    typer.Option(
        "--fonts", metavar="DIR", help="Folder of fonts instead of the system's; repeatable."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the samples in the folder.")]
HeldOut = Annotated[
    bool, typer.Option("--held-out", help="Only the fonts that training never uses.")
]


@app.callback()
def synth() -> None:
    """Make training data: pictures with known text."""


@app.command(cls=Command, epilog=examples("mdocr synth words -o words --count 1000"))
def words(
    output: Output,
    count: Count = 100,
    difficulty: Annotated[
        float, typer.Option("--difficulty", min=0, max=1, help="0: clean print; 1: street scenes.")
    ] = 1.0,
    seed: Seed = 0,
    words: Annotated[
        Path | None,
        typer.Option("--words", metavar="FILE", help="Words to draw instead, one a line."),
    ] = None,
    fonts: Fonts = None,
    force: Force = False,
) -> None:
    """Write word pictures, labels.tsv (path, tab, text), and sheet.png to look at."""
    check_samples_folder(output, force)  # fonts may take half a minute
    vocabulary = load_words(words) if words else load_vocabulary()
    synthesizer = WordSynthesizer(load_fonts(fonts), vocabulary)
    written = write_words(draw_words(synthesizer, count, difficulty, seed), output, force=force)
    console.note(f"wrote {written} words to {output}")


@app.command(cls=Command, epilog=examples("mdocr synth lines -o lines --difficulty 0.3"))
def lines(
    output: Output,
    count: Count = 100,
    difficulty: Difficulty = 1.0,
    seed: Seed = 0,
    fonts: Fonts = None,
    held_out: HeldOut = False,
    force: Force = False,
) -> None:
    """Write text line pictures, labels.tsv (path, tab, text), and sheet.png to look at."""
    check_samples_folder(output, force)  # fonts may take half a minute
    chosen = _chosen_fonts(fonts, held_out)
    synthesizer = LineSynthesizer(chosen, load_sentences())
    written = write_words(draw_lines(synthesizer, count, difficulty, seed), output, force=force)
    console.note(f"wrote {written} lines to {output}")


@app.command(cls=Command, epilog=examples("mdocr synth formulas -o formulas"))
def formulas(
    output: Output,
    count: Count = 100,
    difficulty: Difficulty = 1.0,
    seed: Seed = 0,
    force: Force = False,
) -> None:
    """Write formula pictures, labels.tsv (LaTeX), manifest.jsonl to train on, and sheet.png."""
    check_samples_folder(output, force)  # fonts may take half a minute
    written = write_crops(draw_formulas(count, difficulty, seed), "formula", output, force=force)
    console.note(f"wrote {written} formulas to {output}")


@app.command(cls=Command, epilog=examples("mdocr synth tables -o tables --held-out"))
def tables(
    output: Output,
    count: Count = 100,
    difficulty: Difficulty = 1.0,
    seed: Seed = 0,
    fonts: Fonts = None,
    held_out: HeldOut = False,
    force: Force = False,
) -> None:
    """Write table pictures, labels.tsv (OTSL), manifest.jsonl to train on, and sheet.png."""
    check_samples_folder(output, force)  # fonts may take half a minute
    chosen = _chosen_fonts(fonts, held_out)
    made = draw_tables(group_typefaces(chosen), load_sentences(), count, difficulty, seed)
    written = write_crops(made, "table", output, force=force)
    console.note(f"wrote {written} tables to {output}")


@app.command(cls=Command, epilog=examples("mdocr synth pages -o pages --count 50 --seed 7"))
def pages(
    output: Output,
    count: Count = 20,
    difficulty: Difficulty = 0.5,
    seed: Seed = 0,
    fonts: Fonts = None,
    held_out: HeldOut = False,
    force: Force = False,
) -> None:
    """Write whole pages with their regions, and manifest.jsonl to train on.

    Of each page: the picture, a document (json), its layout as the page model writes it
    (layout.txt), and its text in reading order (gt.txt).
    """
    check_samples_folder(output, force)  # fonts may take half a minute
    chosen = _chosen_fonts(fonts, held_out)
    synthesizer = PageSynthesizer(chosen, load_sentences())
    written = write_pages(draw_pages(synthesizer, count, difficulty, seed), output, force=force)
    console.note(f"wrote {written} pages to {output}")


def _chosen_fonts(folders: list[Path] | None, held_out: bool) -> list[Font]:
    return (held_out_fonts if held_out else training_fonts)(load_fonts(folders))
