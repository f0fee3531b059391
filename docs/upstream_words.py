"""The same pictures and weights through OpenOCR's code and through ours, for the benchmarks page.

OpenOCR's code is not part of this project: the caller names a checkout of it.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from mdocr.decoding.words import decode
from mdocr.inputs import find_files
from mdocr.options import RecognizeOptions
from mdocr.recognizer import Crop, Recognizer, load_recognizer, make_crop

SHIPPED = "configs/rec/mdiff4str/svtrv2_mdiffdecoder_small.yml"
CLASSES = 97
"""Of the English models: end, 94 characters, mask and padding."""

FLAGS = {
    "parallel": "pd",
    "block-low-confidence": "semiar",
    "low-confidence": "lc",
    "autoregressive": "ar",
}
"""Our names of decoders, and OpenOCR's switches."""

PICTURES, REPEATS, STEPS = 8, 3, 3


def compare(checkout: Path, weights: Path | None, words: Path) -> list[str]:
    """A Markdown table of milliseconds a word, and what differs.

    Args:
        checkout: of OpenOCR.
        weights: a released ``best.pth``; random ones in the small model's shape if None.
        words: a folder of pictures.
    """
    sys.path.insert(0, str(checkout))
    # OpenOCR asks tensors for the number of their GPU, which those on a CPU do not have.
    torch.Tensor.get_device = lambda tensor: tensor.device  # type: ignore[assignment,method-assign,return-value]
    with tempfile.TemporaryDirectory() as folder:
        path = weights or _random_weights(checkout, Path(folder) / "best.pth")
        theirs, ours = _upstream(path), load_recognizer(path, "cpu", "torch")
    paths = [path for path in find_files([str(words)]) if isinstance(path, str)][:PICTURES]
    crops = [crop for n, path in enumerate(paths) if isinstance(crop := make_crop((n, path)), Crop)]
    images = [torch.from_numpy(crop.pixels)[None] for crop in crops]
    rows = [_row(theirs, ours, images, decoder) for decoder in FLAGS]
    name = "released weights" if weights else "random weights, the small model's shape"
    return [
        f"Encoder and decoder, batch 1, {len(images)} pictures, {name}, {STEPS} steps where there",
        "are steps; medians. OpenOCR needs a patch of one line to run on a CPU at all.",
        "",
        "| decoder | OpenOCR | mdocr | faster | largest difference of probabilities |",
        "| --- | --- | --- | --- | --- |",
        *rows,
    ]


def _row(theirs: Any, ours: Recognizer, images: list[torch.Tensor], decoder: str) -> str:
    options = RecognizeOptions(decoder, STEPS, together=True)
    for flag in FLAGS.values():
        setattr(theirs.decoder, flag, flag == FLAGS[decoder])
    theirs.decoder.sampler_step = STEPS

    def read_theirs(image: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(theirs(image)).float()

    def read_ours(image: torch.Tensor) -> torch.Tensor:
        engine = ours.engine
        return torch.as_tensor(decode(engine.encode(image), engine.blank(1), options).probabilities)

    found = [(_timed(read_theirs, image), _timed(read_ours, image)) for image in images]
    their_time, our_time = (statistics.median(pair[side][0] for pair in found) for side in (0, 1))
    furthest = max(float((left[1] - right[1]).abs().max()) for left, right in found)
    return (
        f"| {decoder} | {1000 * their_time:.1f} ms | {1000 * our_time:.1f} ms | "
        f"{their_time / our_time:.2f} × | {furthest:.1e} |"
    )


@torch.no_grad()
def _timed(
    read: Callable[[torch.Tensor], torch.Tensor], image: torch.Tensor
) -> tuple[float, torch.Tensor]:
    """Median seconds and the result."""
    result = read(image)
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        read(image)
        times.append(time.perf_counter() - begin)
    return statistics.median(times), result


def _upstream(path: Path) -> Any:
    """OpenOCR's model with the weights of a checkpoint."""
    from openrec.modeling import build_model

    saved = torch.load(path, map_location="cpu", weights_only=True)
    architecture = saved["config"]["Architecture"]
    architecture["Decoder"].setdefault("out_channels", CLASSES)
    model = build_model(architecture)
    model.load_state_dict(saved["state_dict"])
    return model.eval()


def _random_weights(checkout: Path, path: Path) -> Path:
    """A checkpoint of the released format with random weights, from OpenOCR's own code."""
    import yaml
    from openrec.modeling import build_model

    config = yaml.safe_load((checkout / SHIPPED).read_text(encoding="utf-8"))
    config["Architecture"]["Decoder"]["out_channels"] = CLASSES
    torch.manual_seed(0)
    state = build_model(config["Architecture"]).state_dict()
    torch.save({"state_dict": state, "config": config}, path)
    return path
