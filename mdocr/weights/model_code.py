"""Python files that a checkpoint folder names: transformers needs them, mdocr never runs them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_IMPORT = re.compile(r"^\s*from\s+\.(\w+)\s+import\b", re.MULTILINE)


def code_files(folder: Path) -> set[str]:
    """Names of the modules in ``auto_map`` of its JSON files, and of those that these import.

    Only those beside them: ``auto_map`` may name other repositories.
    """
    named = {f"{module}.py" for path in folder.glob("*.json") for module in _auto_map(path)}
    seen: set[str] = set()
    while new := named - seen:
        seen |= new
        present = [folder / name for name in new if (folder / name).is_file()]
        named |= {f"{module}.py" for path in present for module in _imports(path)}
    return named


def _auto_map(path: Path) -> Iterator[str]:
    """The modules of ``{"AutoModel": "a.Model", "AutoTokenizer": ["b.Tokenizer", null]}``."""
    try:
        record = json.loads(path.read_text("utf-8"))
    except ValueError:
        return
    mapped: Any = record.get("auto_map") if isinstance(record, dict) else None
    for value in mapped.values() if isinstance(mapped, dict) else ():
        for name in value if isinstance(value, list) else [value]:
            module = str(name or "").partition(".")[0]
            if module.isidentifier():
                yield module


def _imports(path: Path) -> list[str]:
    return _IMPORT.findall(path.read_text("utf-8", errors="replace"))
