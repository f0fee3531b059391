"""The code of docs/retrieval.md runs as it stands, where its framework is installed."""

import re
import warnings
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def example(heading: str) -> dict[str, Any]:
    """The names that the code under a heading has, once it has run."""
    page = (ROOT / "docs/retrieval.md").read_text(encoding="utf-8")
    part = page.split(f"## {heading}\n")[1]
    (code,) = re.findall(r"^```python\n(.*?)^```$", part.split("\n## ")[0], re.M | re.S)
    names: dict[str, Any] = {"__name__": "example"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the frameworks
        exec(compile(code, heading, "exec"), names)
    return names


def check(metadata: dict[str, Any], text: str) -> None:
    assert metadata["headings"][0] == "The Chemical History of a Candle"
    assert metadata["pages"] == [1] and metadata["source"].endswith("page.pdf")
    assert len(metadata["boxes"][0]["bbox"]) == 4 and "Michael Faraday" in text


def test_langchain(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("langchain_core", reason="langchain-core is not installed")
    monkeypatch.chdir(ROOT)
    chunks = example("LangChain")["chunks"]
    check(chunks[0].metadata, chunks[0].page_content)
    assert len(chunks) > 1


def test_llama_index(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("llama_index.core", reason="llama-index-core is not installed")
    monkeypatch.chdir(ROOT)
    chunks = example("LlamaIndex")["chunks"]
    check(chunks[0].metadata, chunks[0].text)
    assert len(chunks) > 1
