"""Where weights come from: registry, cache, download, verification, key maps, loading.

``registry`` names the models and finds them, ``cache`` keeps their files, ``download`` and ``hub``
fetch them, ``released`` reads the published ``.pth`` checkpoints, ``checkpoint`` reads and writes
our own. Names are imported when first used, since only the loading ones need torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_PUBLIC = {
    "ReleasedModel": "mdocr.weights.registry",
    "ResolvedModel": "mdocr.weights.registry",
    "load_recognizer_weights": "mdocr.weights.checkpoint",
    "read_checkpoint": "mdocr.weights.checkpoint",
    "resolve": "mdocr.weights.registry",
    "save_checkpoint": "mdocr.weights.checkpoint",
}

__all__ = sorted(_PUBLIC)

if TYPE_CHECKING:
    from mdocr.weights.checkpoint import load_recognizer_weights as load_recognizer_weights
    from mdocr.weights.checkpoint import read_checkpoint as read_checkpoint
    from mdocr.weights.checkpoint import save_checkpoint as save_checkpoint
    from mdocr.weights.registry import ReleasedModel as ReleasedModel
    from mdocr.weights.resolve import ResolvedModel as ResolvedModel
    from mdocr.weights.resolve import resolve as resolve


def __getattr__(name: str) -> Any:
    """Import a public name from the module that defines it (PEP 562)."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'mdocr.weights' has no attribute {name!r}")
    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value
