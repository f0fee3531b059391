"""Pages as if photographed at an angle, to measure what that costs.

python docs/benchmarks/photograph.py pages/ -o photographs/ NAME...  # all pages without names
mdocr eval parser photographs/ --model lite
"""

import shutil
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

SHIFT, DARKEST = 0.05, 0.7
"""How far a corner moves at most, in widths of the page; the light at the darkest edge."""


def photograph(page: np.ndarray, seed: int) -> np.ndarray:
    """A page [H, W, 3] that fills its picture, seen from another place, under uneven light."""
    rng = np.random.default_rng(seed)
    height, width = page.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + (rng.uniform(-1, 1, (4, 2)) * SHIFT * width).astype(np.float32)
    turn = cv2.getPerspectiveTransform(corners, moved)
    seen = cv2.warpPerspective(
        page, turn, (width, height), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    y, x = np.mgrid[0:height, 0:width]
    angle = rng.uniform(0, 2 * np.pi)
    across = (np.cos(angle) * x / width + np.sin(angle) * y / height + 1) / 2
    light = 1 - (1 - DARKEST) * across[..., None]
    return np.clip(cv2.GaussianBlur(seen * light, (0, 0), 0.6), 0, 255).astype(np.uint8)


def main(
    pages: Annotated[Path, typer.Argument(help="Pages with NAME.gt.txt.")],
    names: Annotated[list[str] | None, typer.Argument(help="Of the pages; all if none.")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of photographs.")] = Path(
        "photographs"
    ),
) -> None:
    """Writes photographs of pages, and copies their texts."""
    output.mkdir(parents=True, exist_ok=True)
    texts = sorted(pages.glob("*.gt.txt"))
    for seed, text in enumerate(text for text in texts if not names or _name(text) in names):
        picture = next(path for path in pages.glob(f"{_name(text)}.*g"))
        made = photograph(cv2.imread(str(picture)), seed)
        cv2.imwrite(str(output / f"{_name(text)}.jpg"), made, [cv2.IMWRITE_JPEG_QUALITY, 85])
        shutil.copy(text, output)
    manifest = pages / "manifest.tsv"
    if manifest.is_file():
        shutil.copy(manifest, output)


def _name(text: Path) -> str:
    return text.name.removesuffix(".gt.txt")


if __name__ == "__main__":
    typer.run(main)
