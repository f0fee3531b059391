"""What decoding asks of arrays, whichever engine they come from.

They are tensors or NumPy arrays, as the model returns them, and only functions that both packages
have under one name are used. So one strategy serves every engine, on its device, and words can be
read without torch.
"""

import sys
from typing import Any, TypeAlias

Array: TypeAlias = Any
"""A ``torch.Tensor`` or a ``numpy.ndarray``; all arrays of a batch are of one kind."""


def namespace(array: Array) -> Any:
    """The package of an array: ``torch`` or ``numpy``."""
    return sys.modules[type(array).__module__.partition(".")[0]]


def softmax(logits: Array) -> Array:
    """Probabilities over the last axis."""
    package = namespace(logits)
    powers = package.exp(logits - package.amax(logits, -1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def fill(tokens: Array, values: Array, chosen: Array) -> Array:
    """``tokens`` [B, L], replaced by ``values`` where ``chosen``."""
    return namespace(tokens).where(chosen, values, tokens)
