"""Passes and tokens that a verified draft takes, by how much of it is right, on a stand-in model.

    python docs/benchmarks/acceptance.py

The released weights are not needed: what counts is how far the model agrees with the draft. The
stand-in writes texts of 400 tokens. A block of it says what follows the end of the text before the
block, as far as that is known from its last tokens, and else anything. Of most tokens it is sure at
once; of the others only when no token before them is masked in their block: 3 to 4 tokens a pass.
Of a draft, a share of the tokens is right; in the place of the others there is another token, none,
or two. Prompts are fed once in either case, and not counted.
"""

from collections.abc import Sequence
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from mdocr.decoding.blocks import denoise
from mdocr.decoding.draft_alignment import resumption
from mdocr.decoding.requests import BlockOptions, Feed, Request, TokenDraft
from mdocr.decoding.verification import started

LENGTH, TEXTS, EASY = 400, 20, 0.7
STOP, MASK, VOCABULARY = 1000, 1001, 1002
SURE, UNSURE = 0.99, 0.6
RATES = (1.0, 0.99, 0.98, 0.95, 0.9, 0.8, 0.6, 0.0)
LENIENT = 0.5
CONTEXT = 24


class StandIn:
    """Writes one text; the ``predict`` of the decoder for it.

    Attributes:
        passes: calls.
        tokens: that it was fed, without the prompt.
    """

    def __init__(self, seed: int) -> None:
        chance = np.random.default_rng(seed)
        self.text = [*chance.integers(0, STOP, LENGTH).tolist(), STOP]
        self.is_easy = chance.random(2 * LENGTH) < EASY
        self.kept: dict[int, int] = {}  # slot → token
        self.passes = self.tokens = 0

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
        self.passes += 1
        self.tokens += len(feed.tokens) - (feed.prompt_length if feed.start == 0 else 0)
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


def measured(rate: float | None, acceptance: float) -> tuple[float, float]:
    """Mean passes and tokens fed of the texts; without a draft if the rate is None."""
    counts = []
    for seed in range(TEXTS):
        model = StandIn(seed)
        draft = () if rate is None else model.draft(rate, seed + TEXTS)
        options = BlockOptions(acceptance=acceptance, max_tokens=2 * LENGTH)
        request = Request((0,), options, frozenset({STOP}), draft=TokenDraft(draft))
        ((_, made),) = denoise(model, [request], MASK, 1, started)
        assert list(made.tokens) == model.text[:-1]
        counts.append((model.passes, model.tokens))
    passes, tokens = zip(*counts, strict=True)
    return mean(passes), mean(tokens)


def main() -> None:
    """Prints the table."""
    print("| right in the draft | passes, exact | tokens fed | passes, lenient | tokens fed |")
    print("|---|---|---|---|---|")
    plain = measured(None, 1.0)
    print(f"| no draft | {plain[0]:.0f} | {plain[1]:,.0f} | | |")
    for rate in RATES:
        cells = [f"{100 * rate:.0f} %"]
        for acceptance in (1.0, LENIENT):
            passes, tokens = measured(rate, acceptance)
            cells += [
                f"{passes:.0f} ({plain[0] / passes:.1f} × fewer)",
                f"{tokens:,.0f} ({tokens / plain[1]:.2f} ×)",
            ]
        print(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
