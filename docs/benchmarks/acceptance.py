"""Passes, tokens and seconds of a verified draft, by how much of it is right, on a stand-in model.

    OMP_NUM_THREADS=1 python docs/benchmarks/acceptance.py
    python docs/benchmarks/acceptance.py --texts 5 --seconds 0.5 1.1 4.1

The released weights are not needed: what counts is how far the model agrees with the draft. The
stand-in writes texts of 400 tokens. A block of it says what follows the end of the text before the
block, as far as that is known from its last tokens, and else anything. Of most tokens it is sure at
once; of the others only when no token before them is masked in their block: 3 to 4 tokens a pass.
Of a draft, a share of the tokens is right; in the place of the others there is another token, none,
or two. Prompts are fed once in either case, and not counted.

Seconds are computed, not seen: CPU-seconds of one core that a pass of so many tokens takes in some
layers and a part of the output layer of full width, bfloat16, random weights, behind a prompt in
the cache, times the layers and the vocabulary that the released model has. ``--seconds`` takes
those of an earlier run, of passes of 32, 96 and 384 tokens.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import mean, median

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mdocr.decoding.blocks import denoise
from mdocr.decoding.draft_alignment import resumption
from mdocr.decoding.requests import BlockOptions, Feed, Request, TokenDraft
from mdocr.decoding.verification import started
from mdocr.models.attention import grouped_attention
from mdocr.models.linear import pack
from mdocr.models.sdar import SDAR
from mdocr.models.sdar_config import SDARConfig

LENGTH, TEXTS, EASY = 400, 20, 0.7
STOP, MASK, VOCABULARY = 1000, 1001, 1002
SURE, UNSURE = 0.99, 0.6
RATES = (1.0, 0.99, 0.98, 0.95, 0.9, 0.8, 0.6, 0.0)
LENIENT = 0.5
CONTEXT = 24
FULL = SDARConfig()
LAYERS, SHARE = 4, 8
"""Layers that are measured, more than a cache holds; and one in how many of the vocabulary."""
PROMPT = 512
SIZES = (32, 96, 384)
"""Tokens of the passes that are measured; others are between or behind them, in proportion."""


class StandIn:
    """Writes one text; the ``predict`` of the decoder for it.

    Attributes:
        passes: tokens that each call fed, without the prompt, and how many it asked for.
    """

    def __init__(self, seed: int) -> None:
        chance = np.random.default_rng(seed)
        self.text = [*chance.integers(0, STOP, LENGTH).tolist(), STOP]
        self.is_easy = chance.random(2 * LENGTH) < EASY
        self.kept: dict[int, int] = {}  # slot → token
        self.passes: list[tuple[int, int]] = []

    def draft(self, rate: float, seed: int) -> tuple[int, ...]:
        """Its text, of which so many tokens are right."""
        chance, found = np.random.default_rng(seed), []
        for token in self.text[:-1]:
            change = chance.integers(4) if chance.random() >= rate else 4
            others = chance.integers(0, STOP, 2).tolist()
            found += {0: others[:1], 1: others[:1], 2: [], 3: others, 4: [token]}[int(change)]
        return (*found, STOP)

    def __call__(self, feeds: Sequence[Feed]) -> NDArray[np.float32]:
        """Logits at the query positions."""
        (feed,) = feeds
        prompt = feed.prompt_length if feed.start == 0 else 0
        self.passes.append((len(feed.tokens) - prompt, len(feed.queries)))
        positions = feed.positions or range(feed.start, feed.start + len(feed.tokens))
        self.kept |= zip(feed.slots or positions, feed.tokens, strict=True)
        rows = np.zeros((len(feed.queries), VOCABULARY), np.float32)
        shifts: dict[int, int] = {}  # by block
        for row, index in enumerate(feed.queries):
            place = positions[index] - feed.prompt_length
            block = place - place % BlockOptions.block_length
            if block not in shifts:
                shifts[block] = self._shift(block, feed.prompt_length)
            masked = MASK in feed.tokens[index - place + block : index]
            sure = SURE if self.is_easy[place] or not masked else UNSURE
            token = self.text[min(place + shifts[block], LENGTH)]
            rows[row, token] = np.log(sure / (1 - sure) * (VOCABULARY - 2))
        return rows

    def _shift(self, block: int, prompt_length: int) -> int:
        """By how much the text before a block is shorter than what it should be; else anything."""
        start = prompt_length + max(0, block - CONTEXT)
        before = [self.kept[slot] for slot in range(start, prompt_length + block)]
        found = resumption(self.text, block, before) if block else 0
        return (block * 7919 % LENGTH if found is None else found) - block


class PassTime:
    """CPU-seconds of a pass of the full model on this machine."""

    def __init__(self) -> None:
        config = replace(FULL, num_hidden_layers=LAYERS, vocab_size=FULL.vocab_size // SHARE)
        model = SDAR(config).to(torch.bfloat16).eval()
        pack(model)
        kept = torch.randn(1, PROMPT, FULL.num_key_value_heads, FULL.head_dim).to(torch.bfloat16)

        def attend(layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
            keys, values = torch.cat([kept, key], 1), torch.cat([kept, value], 1)
            return grouped_attention(query, keys, values, None)

        self.layers, self.head = [], []
        for size in SIZES:
            x = torch.randn(1, size, FULL.hidden_size).to(torch.bfloat16)
            at = torch.arange(size)[None]
            layers = _seconds(lambda x=x, at=at: model.model(x, at, attend))
            self.layers.append(layers * FULL.num_hidden_layers / LAYERS)
            self.head.append(_seconds(lambda x=x: model.predict(x)) * SHARE)

    def __call__(self, tokens: int, queries: int) -> float:
        """Seconds of a pass of so many tokens."""
        return _between(tokens, self.layers) + _between(queries, self.head)


class KnownTime:
    """The same, of an earlier run."""

    def __init__(self, seconds: Sequence[float]) -> None:
        self.layers, self.head = list(seconds), [0.0] * len(SIZES)

    def __call__(self, tokens: int, queries: int) -> float:
        """Seconds of a pass of so many tokens."""
        return _between(tokens, self.layers)


def _between(size: int, seconds: Sequence[float]) -> float:
    at = int(size > SIZES[1])
    (low, high), (start, end) = SIZES[at : at + 2], seconds[at : at + 2]
    return start + (end - start) * (max(size, SIZES[0]) - low) / (high - low)


@torch.inference_mode()
def _seconds(work: Callable[[], object], times: int = 3) -> float:
    """Median CPU-seconds after a first call."""
    work()
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return median(found)


def measured(
    rate: float | None, acceptance: float, time_of: Callable[[int, int], float], texts: int = TEXTS
) -> tuple[float, ...]:
    """Mean passes, tokens fed and seconds of the texts; without a draft if the rate is None."""
    counts = []
    for seed in range(texts):
        model = StandIn(seed)
        draft = () if rate is None else model.draft(rate, seed + TEXTS)
        options = BlockOptions(acceptance=acceptance, max_tokens=2 * LENGTH)
        request = Request((0,), options, frozenset({STOP}), draft=TokenDraft(draft))
        ((_, made),) = denoise(model, [request], MASK, 1, started)
        assert list(made.tokens) == model.text[:-1]
        tokens = sum(fed for fed, _ in model.passes)
        counts.append((len(model.passes), tokens, sum(time_of(*one) for one in model.passes)))
    return tuple(map(mean, zip(*counts, strict=True)))


def main() -> None:
    """Prints the table."""
    parse = argparse.ArgumentParser()
    parse.add_argument("--texts", type=int, default=TEXTS)
    parse.add_argument("--seconds", type=float, nargs=len(SIZES))
    chosen = parse.parse_args()
    time_of = KnownTime(chosen.seconds) if chosen.seconds else PassTime()
    heads = " | ".join(f"{name} | tokens fed | seconds" for name in ("passes, exact", "lenient"))
    print(f"| right in the draft | {heads} |")
    print("|---|---|---|---|---|---|---|")
    plain = measured(None, 1.0, time_of, chosen.texts)
    print(f"| no draft | {plain[0]:.0f} | {plain[1]:,.0f} | {plain[2]:.1f} | | | |")
    for rate in RATES:
        cells = [f"{100 * rate:.0f} %"]
        for acceptance in (1.0, LENIENT):
            passes, tokens, seconds = measured(rate, acceptance, time_of, chosen.texts)
            cells += [
                f"{passes:.0f} ({plain[0] / passes:.1f} × fewer)",
                f"{tokens:,.0f} ({tokens / plain[1]:.2f} ×)",
                f"{seconds:.1f} ({plain[2] / seconds:.1f} ×)",
            ]
        print(f"| {' | '.join(cells)} |", flush=True)
    for size, layers, head in zip(SIZES, time_of.layers, time_of.head, strict=True):
        print(f"a pass of {size} tokens: layers {layers:.2f} s, output layer {head:.2f} s")


if __name__ == "__main__":
    main()
