"""Prompts of the page models: the task texts and the fixed chat template of MinerU-Diffusion."""

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
"""A name of ``TASKS``, any other text, or token ids, which are used unchanged."""


def expand(ids: Sequence[int], image_id: int, count: int) -> tuple[int, ...]:
    """Expands a single image token to ``count``; a prompt that has ``count`` is unchanged.

    Raises:
        UsageError: there are neither one nor ``count`` image tokens.
    """
    found = ids.count(image_id)
    if found == count:
        return tuple(ids)
    if found != 1 or count == 0:
        raise UsageError(
            f"the prompt has {found} image tokens (id {image_id}), the image {count}",
            "Put one image token into the prompt, or exactly as many as the image has.",
        )
    at = ids.index(image_id)
    return (*ids[:at], *[image_id] * count, *ids[at + 1 :])
