"""Optical character recognition by diffusion decoding.

    mdocr.parse("doc.pdf").to_markdown()    pages (MinerU-Diffusion), see ``load_parser``
    mdocr.recognize(["word.png"])           pictures of words (MDiff4STR), see ``load_recognizer``

Names are imported when first used, so that ``import mdocr`` stays fast.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # ONNX Runtime and Ray report their use else
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

_PUBLIC = {
    "Block": "mdocr.document.model",
    "Box": "mdocr.document.model",
    "Character": "mdocr.document.words",
    "Document": "mdocr.render",
    "Failure": "mdocr.document.model",
    "Page": "mdocr.document.model",
    "Source": "mdocr.document.model",
    "Unread": "mdocr.document.model",
    "Word": "mdocr.document.words",
    "Generation": "mdocr.decoding.requests",
    "DeviceError": "mdocr.errors",
    "InputError": "mdocr.errors",
    "MdocrError": "mdocr.errors",
    "MissingExtraError": "mdocr.errors",
    "OutOfMemoryError": "mdocr.errors",
    "PartialFailureError": "mdocr.errors",
    "UsageError": "mdocr.errors",
    "WeightsError": "mdocr.errors",
    "ParseOptions": "mdocr.options",
    "RecognizeOptions": "mdocr.options",
    "RenderOptions": "mdocr.options",
    "Parser": "mdocr.parsing.parser",
    "load_parser": "mdocr.parsing.loading",
    "parse": "mdocr.parsing.loading",
    "Recognizer": "mdocr.recognizer",
    "load_recognizer": "mdocr.recognizer",
    "recognize": "mdocr.recognizer",
}

__all__ = ["__version__", *sorted(_PUBLIC)]

if TYPE_CHECKING:
    from mdocr.decoding.requests import Generation as Generation
    from mdocr.document.model import Block as Block
    from mdocr.document.model import Box as Box
    from mdocr.document.model import Failure as Failure
    from mdocr.document.model import Page as Page
    from mdocr.document.model import Source as Source
    from mdocr.document.model import Unread as Unread
    from mdocr.document.words import Character as Character
    from mdocr.document.words import Word as Word
    from mdocr.errors import DeviceError as DeviceError
    from mdocr.errors import InputError as InputError
    from mdocr.errors import MdocrError as MdocrError
    from mdocr.errors import MissingExtraError as MissingExtraError
    from mdocr.errors import OutOfMemoryError as OutOfMemoryError
    from mdocr.errors import PartialFailureError as PartialFailureError
    from mdocr.errors import UsageError as UsageError
    from mdocr.errors import WeightsError as WeightsError
    from mdocr.options import ParseOptions as ParseOptions
    from mdocr.options import RecognizeOptions as RecognizeOptions
    from mdocr.options import RenderOptions as RenderOptions
    from mdocr.parsing.loading import load_parser as load_parser
    from mdocr.parsing.loading import parse as parse
    from mdocr.parsing.parser import Parser as Parser
    from mdocr.recognizer import Recognizer as Recognizer
    from mdocr.recognizer import load_recognizer as load_recognizer
    from mdocr.recognizer import recognize as recognize
    from mdocr.render import Document as Document


def __getattr__(name: str) -> Any:
    """Import a public name from the module that defines it (PEP 562)."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'mdocr' has no attribute {name!r}")
    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
