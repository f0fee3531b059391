"""Prompts and tokenizers: MinerU-Diffusion's fixed chat frame, and the line reader's characters."""

from collections.abc import Sequence

from mdocr.errors import UsageError

TASKS = {
    "text": "\nText Recognition:",
    "table": "\nTable Recognition:",
    "formula": "\nFormula Recognition:",
    "equation": "\nFormula Recognition:",
    "layout": "\nLayout Detection:",
}
STOPS = ("<|im_end|>", "<|endoftext|>")
BEFORE = "<|im_start|>systemYou are a helpful assistant.<|im_end|><|im_start|>user"
PICTURE = "<|vision_start|><|image_pad|><|vision_end|>"
AFTER = "<|im_end|><|im_start|>assistant"

Prompt = str | Sequence[int]
"""A name of ``TASKS``, another text, or token ids that are used as they are."""


def expand(ids: Sequence[int], image_id: int, count: int) -> tuple[int, ...]:
    """Repeats a single picture token ``count`` times; leaves a run of ``count`` as it is.

    Raises:
        UsageError: there are neither one nor ``count`` picture tokens.
    """
    found = ids.count(image_id)
    if found == count:
        return tuple(ids)
    if found != 1 or count == 0:
        raise UsageError(
            f"the prompt has {found} picture tokens (id {image_id}), the picture {count}",
            "Put one picture token into the prompt, or exactly as many as the picture has.",
        )
    place = ids.index(image_id)
    return (*ids[:place], *[image_id] * count, *ids[place + 1 :])
