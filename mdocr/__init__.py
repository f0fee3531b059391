"""Optical character recognition by diffusion decoding.

Words: ``mdocr.load_recognizer()`` (MDiff4STR). Pages: ``mdocr.load_parser()`` (MinerU-Diffusion).
Names are imported when first used, so that ``import mdocr`` stays fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PUBLIC = {
    "Block": "mdocr.document.model",
    "Box": "mdocr.document.model",
    "Character": "mdocr.document.words",
    "Document": "mdocr.document.document",
    "Page": "mdocr.document.model",
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
    "Parser": "mdocr.parsing.parser",
    "load_parser": "mdocr.parsing.parser",
    "parse": "mdocr.parsing.parser",
    "Recognizer": "mdocr.recognizer",
    "load_recognizer": "mdocr.recognizer",
    "recognize": "mdocr.recognizer",
}

__all__ = ["__version__", *sorted(_PUBLIC)]

if TYPE_CHECKING:
    from mdocr.decoding.requests import Generation as Generation
    from mdocr.document.document import Document as Document
    from mdocr.document.model import Block as Block
    from mdocr.document.model import Box as Box
    from mdocr.document.model import Page as Page
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
    from mdocr.parsing.parser import Parser as Parser
    from mdocr.parsing.parser import load_parser as load_parser
    from mdocr.parsing.parser import parse as parse
    from mdocr.recognizer import Recognizer as Recognizer
    from mdocr.recognizer import load_recognizer as load_recognizer
    from mdocr.recognizer import recognize as recognize


def __getattr__(name: str) -> Any:
    """Import a public name from the module that defines it (PEP 562)."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'mdocr' has no attribute {name!r}")
    value = getattr(import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
