"""Which token to predict at each position, and which positions to commit.

Logits are a tensor on any device or a NumPy array, whichever the model returns; choices are NumPy
arrays. Torch is not imported here, so that exported models run without it.

Shapes: M query positions, L tokens of a block, V vocabulary.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mdocr.decoding.arrays import Array, namespace
from mdocr.errors import DeviceError

Tokens = NDArray[np.int64]
Confidences = NDArray[np.float32]

LOGITS_AT_ONCE = 1 << 20
"""Number of logits normalised at once on a CPU: what its caches hold."""
MOST_LOGITS_AT_ONCE = 1 << 25
"""The same on other devices; bounds memory."""


def select(confidences: Confidences, threshold: float, least: int) -> NDArray[np.bool_]:
    """Which positions of a block to commit.

    Args:
        confidences: [L]; minus infinity at positions that are not masked.
        threshold: positions above it are committed.
        least: minimum number to commit, the most confident first.

    Returns:
        True where a position is committed, [L].
    """
    chosen = confidences > threshold
    if chosen.sum() < least:
        chosen[_surest(confidences, least)] = True
    return chosen


def _surest(confidences: Confidences, count: int) -> NDArray[np.int64]:
    order = np.argsort(-confidences)
    first, last = confidences[order[count - 1 : count + 1]][[0, -1]]
    if count == len(order) or first != last:
        return order[:count]
    import torch  # the released code breaks ties as torch does, and so do we

    ranked: NDArray[np.int64] = torch.from_numpy(confidences).topk(count).indices.numpy()
    return ranked


def likeliest(logits: Array, mask_id: int) -> tuple[Tokens, Confidences]:
    """The likeliest tokens [M] and their probabilities [M], from logits [M, V], M ≥ 1.

    The mask token is never chosen.
    """
    is_array = isinstance(logits, np.ndarray)
    choose = _likeliest_of_arrays if is_array else _likeliest_of_tensors
    most = LOGITS_AT_ONCE if is_array or logits.device.type == "cpu" else MOST_LOGITS_AT_ONCE
    at_once = max(1, most // logits.shape[-1])
    parts = [
        choose(_unmasked(logits[start : start + at_once], mask_id))
        for start in range(0, len(logits), at_once)
    ]
    tokens, confidences = (namespace(logits).concatenate(part) for part in zip(*parts, strict=True))
    return on_host(tokens), on_host(confidences)


def _likeliest_of_arrays(logits: NDArray[np.float32]) -> tuple[Tokens, Confidences]:
    highest = logits.max(-1, keepdims=True)
    return logits.argmax(-1), 1 / np.exp(logits - highest).sum(-1)


def _likeliest_of_tensors(logits: Array) -> tuple[Array, Array]:
    confidences, tokens = logits.softmax(dim=-1).max(dim=-1)
    return tokens, confidences


def sampled(
    logits: Array, mask_id: int, temperature: float, generator: np.random.Generator
) -> tuple[Tokens, Confidences]:
    """Sampled tokens [M] and their probabilities [M], from logits [M, V].

    Args:
        logits: at the query positions.
        mask_id: the mask token, which is never sampled.
        temperature: above 0; logits are divided by it.
        generator: yields one number per token, so that draws do not depend on the engine.

    Raises:
        DeviceError: a logit is NaN or infinite.
    """
    scaled = on_host(_unmasked(logits, mask_id)).astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(-1, keepdims=True))
    running = powers.cumsum(-1)
    if not np.isfinite(running[:, -1]).all():
        raise DeviceError("the model's logits are not finite", "Use --dtype float32.")
    reached = generator.random((len(running), 1)) * running[:, -1:]
    tokens = (running <= reached).sum(-1)
    chosen = np.take_along_axis(powers, tokens[:, None], -1) / running[:, -1:]
    return tokens, chosen[:, 0].astype(np.float32)


def on_host(values: Array) -> NDArray[Any]:
    """The values as a NumPy array, copied from the device if need be."""
    host: NDArray[Any] = values if isinstance(values, np.ndarray) else values.cpu().numpy()
    return host


def _unmasked(logits: Array, mask_id: int) -> Array:
    """A float32 copy in which the mask token has probability 0."""
    if isinstance(logits, np.ndarray):
        rows = logits.astype(np.float32)
    else:
        rows = logits.to(namespace(logits).float32, copy=True)
    rows[:, mask_id] = -np.inf
    return rows
