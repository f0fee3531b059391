"""``mdocr synth``: look at the training data that mdocr makes, or write it to disk."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Make training data: pictures with known text.", no_args_is_help=True)


@app.callback()
def synth() -> None:
    """Make training data: pictures with known text."""


@app.command()
def words(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder to write to.", file_okay=False)
    ],
    count: Annotated[int, typer.Option("--count", min=1, help="How many pictures.")] = 100,
    difficulty: Annotated[
        float, typer.Option("--difficulty", min=0, max=1, help="0: clean print; 1: street scenes.")
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same pictures.")] = 0,
    fonts: Annotated[
        list[Path] | None,
        typer.Option("--fonts", help="Folder of fonts instead of the system's; repeatable."),
    ] = None,
) -> None:
    """Write word pictures, labels.tsv (path, tab, text), and sheet.png to look at."""
    from mdocr.synthesis.fonts import load_fonts
    from mdocr.synthesis.samples import draw_words, write_words
    from mdocr.synthesis.vocabulary import load_vocabulary
    from mdocr.synthesis.words import WordSynthesizer

    synthesizer = WordSynthesizer(load_fonts(fonts), load_vocabulary())
    written = write_words(draw_words(synthesizer, count, difficulty, seed), output)
    typer.echo(f"wrote {written} words to {output}", err=True)


@app.command()
def lines(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder to write to.", file_okay=False)
    ],
    count: Annotated[int, typer.Option("--count", min=1, help="How many pictures.")] = 100,
    difficulty: Annotated[
        float, typer.Option("--difficulty", min=0, max=1, help="0: clean print; 1: worn copies.")
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same pictures.")] = 0,
    fonts: Annotated[
        list[Path] | None,
        typer.Option("--fonts", help="Folder of fonts instead of the system's; repeatable."),
    ] = None,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Only the fonts that training never uses.")
    ] = False,
) -> None:
    """Write text line pictures, labels.tsv (path, tab, text), and sheet.png to look at."""
    from mdocr.synthesis.fonts import load_fonts
    from mdocr.synthesis.lines import LineSynthesizer, draw_lines
    from mdocr.synthesis.samples import write_words
    from mdocr.synthesis.sentences import load_sentences
    from mdocr.synthesis.typefaces import held_out_fonts, training_fonts

    chosen = (held_out_fonts if held_out else training_fonts)(load_fonts(fonts))
    synthesizer = LineSynthesizer(chosen, load_sentences())
    written = write_words(draw_lines(synthesizer, count, difficulty, seed), output)
    typer.echo(f"wrote {written} lines to {output}", err=True)
