"""Fixtures that several test files share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hub_server import HubServer


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of reference vectors: inputs and outputs of the upstream implementations."""
    return Path(__file__).parent / "golden"


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache that only this test uses."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("MDOCR_CACHE", str(folder))
    return folder


@pytest.fixture
def hub_server(cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A small hub on this machine, which downloads go to, and an empty cache for them."""
    with HubServer() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        monkeypatch.setenv("MDOCR_CHARSET_URL", f"{server.url}/plain/ppocr_keys_v1.txt")
        monkeypatch.setattr("mdocr.weights.hub.BACKOFF_SECONDS", 0.001)
        yield server
