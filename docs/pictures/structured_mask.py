"""Draws structured_mask.png: which token of a training row sees which.

Run from the root of the project: python docs/pictures/structured_mask.py
"""

from itertools import pairwise
from pathlib import Path

import matplotlib
import numpy as np

from mdocr.training.noised_rows import structured_mask

PROMPT, LENGTH, BLOCK = 6, 12, 4
PARTS = ("prompt", "clean answer", "noised answer")
STARTS = (0, PROMPT, PROMPT + LENGTH, PROMPT + 2 * LENGTH)
COLOURS = ("#ffffff", "#9aa5b1", "#5b8def", "#e8743b")
"""Unseen; and, by the part that is looked at: prompt, clean, noised."""


def main() -> None:
    """Writes the picture beside this file."""
    matplotlib.use("agg")
    from matplotlib import pyplot
    from matplotlib.colors import ListedColormap

    seen = structured_mask(PROMPT, LENGTH, BLOCK).numpy()
    part = np.searchsorted(STARTS[1:], np.arange(len(seen)), side="right") + 1
    figure, axes = pyplot.subplots(figsize=(6.4, 6.4), layout="constrained")
    axes.imshow(seen * part[None], cmap=ListedColormap(COLOURS), vmin=0, vmax=3)
    axes.set_xticks(np.arange(len(seen) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(seen) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#dddddd", linewidth=0.5)
    axes.tick_params(which="both", length=0)
    edges = [*STARTS, *range(PROMPT, STARTS[-1], BLOCK)]
    for edge in edges:
        width = 1.6 if edge in STARTS else 0.7
        axes.axhline(edge - 0.5, color="black", linewidth=width)
        axes.axvline(edge - 0.5, color="black", linewidth=width)
    middles = [(start + end - 1) / 2 for start, end in pairwise(STARTS)]
    axes.set_xticks(middles, PARTS)
    axes.set_yticks(middles, PARTS, rotation=90, va="center")
    axes.xaxis.tick_top()
    axes.set_xlabel(f"looked at (blocks of {BLOCK} tokens)")
    axes.set_ylabel("looks")
    figure.savefig(Path(__file__).with_suffix(".png"), dpi=110)


if __name__ == "__main__":
    main()
