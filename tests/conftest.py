"""Fixtures that several test files share."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants  # noqa: F401  reads HF_HUB_OFFLINE once, which a test may set
import pytest
from hub_server import HubServer
from typer.testing import CliRunner

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported: the workers share the cores

PLAIN_FONTS = {
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSerif.ttf",
    "LiberationSans-Bold.ttf",
}


@pytest.fixture(autouse=True)
def package_log() -> None:
    """The log of the package is as at its import, whatever an earlier command has made of it."""
    logger = logging.getLogger("mdocr")
    logger.setLevel(logging.NOTSET)
    logger.handlers.clear()


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of reference vectors: inputs and outputs of the upstream implementations."""
    return Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def exported(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ONNX files of the tiny model, written by ``mdocr export``, which takes seconds."""
    from mdocr.cli.main import app

    folder = tmp_path_factory.mktemp("exported") / "tiny"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MDOCR_CACHE", str(tmp_path_factory.mktemp("cache")))
        command = ["export", str(golden / "mdiff4str/tiny_best.pth"), "-o", str(folder)]
        result = CliRunner().invoke(app, command)
    assert (result.exit_code, result.stdout) == (0, f"{folder}\n"), result.stderr
    return folder


@pytest.fixture(scope="session")
def plain_fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a few plain fonts of this machine, so that all are found in no time."""
    folder = tmp_path_factory.mktemp("fonts")
    found = [path for path in Path("/usr/share/fonts").rglob("*.ttf") if path.name in PLAIN_FONTS]
    if not found:
        pytest.skip("no DejaVu or Liberation fonts on this machine")
    for path in found:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


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
        monkeypatch.setattr("mdocr.weights.transfer.BACKOFF_SECONDS", 0.001)
        yield server
