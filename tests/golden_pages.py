"""The golden vectors of MinerU-Diffusion: what the released code wrote with a tiny checkpoint."""

import json
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from mdocr.decoding.requests import BlockOptions, Generation
from mdocr.parsing.parser import Parser

GOLDEN = Path(__file__).parent / "golden" / "mineru_diffusion"
META = json.loads((GOLDEN / "meta.json").read_text(encoding="utf-8"))
VECTORS = load_file(GOLDEN / "vectors.safetensors")
PROMPT = VECTORS["prompt_ids"][0].tolist()
CASES = list(META["cases"])


def options(case: str, **others: Any) -> BlockOptions:
    block, threshold, steps = (part[1:] for part in case.split("_"))
    return BlockOptions(
        threshold=float(threshold),
        block_length=int(block),
        steps=int(steps),
        max_tokens=META["cases"][case]["n"],
        **others,
    )


def expected(case: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Tokens, and the steps in which they were committed."""
    return tuple(VECTORS[f"tokens_{case}"][0].tolist()), tuple(VECTORS[f"steps_{case}"][0].tolist())


def generated(parser: Parser, case: str, batch_size: int = 1) -> Generation:
    """What a parser writes in a case."""
    request = parser.request(GOLDEN / "wide.png", PROMPT, options(case), frozenset())
    ((_, made),) = parser.denoise(iter([request]), batch_size)
    return made
