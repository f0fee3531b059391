"""``mdocr models`` as a user runs it: stdout, stderr and exit codes of a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NAME = "mdiff4str-base"
FILE = "topdu/MDiff4STR/mdiff4str_base/best.pth"


@pytest.fixture
def mdocr(hub_server, golden):
    """Runs ``mdocr`` with the local hub; gives the finished process."""
    hub_server.files[FILE] = (golden / "mdiff4str" / "tiny_best.pth").read_bytes()

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mdocr", *arguments],
            capture_output=True,
            text=True,
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )

    return run


def test_download_verify_path_remove(mdocr, hub_server, cache_folder):
    folder = cache_folder / "models" / NAME
    made = mdocr("models", "download", "base")
    assert (made.returncode, made.stdout) == (0, f"{folder}\n")
    assert "downloading topdu/MDiff4STR/mdiff4str_base/best.pth (4.8 MB)" in made.stderr

    assert mdocr("models", "path", NAME).stdout == f"{folder / 'best.pth'}\n"
    assert f"{NAME}: ok\n" in mdocr("models", "verify").stdout

    with (folder / "best.pth").open("r+b") as file:
        file.seek(1000)
        file.write(b"damage")
    verified = mdocr("models", "verify", NAME)
    assert verified.returncode == 4
    assert f"{NAME}: damaged: best.pth" in verified.stdout
    assert f"mdocr models remove {NAME} --yes && mdocr models download {NAME}" in verified.stderr

    refused = mdocr("models", "remove", NAME)
    assert (refused.returncode, folder.exists()) == (2, True)
    assert "--yes" in refused.stderr
    assert mdocr("models", "remove", NAME, "--yes").returncode == 0
    assert not folder.exists()
    assert mdocr("models", "path", NAME).returncode == 4


def test_list_as_text_and_as_json(mdocr, cache_folder):
    rows = mdocr("models", "list").stdout.splitlines()
    (row,) = [row for row in rows if row.startswith(f"{NAME} ")]
    assert "136 MB" in row and "Apache-2.0" in row
    listed = json.loads(mdocr("models", "list", "--json").stdout)
    assert listed["schema"] == "mdocr.models/1"
    assert listed["cache"] == str(cache_folder)
    base = next(model for model in listed["models"] if model["name"] == NAME)
    assert base["installed"] is False
    assert base["path"] is None
    assert base["source"] == "https://huggingface.co/topdu/MDiff4STR"


def test_wrong_bytes_end_with_the_code_for_weights(mdocr, hub_server, cache_folder):
    hub_server.sent[FILE] = bytes(len(hub_server.files[FILE]))
    made = mdocr("models", "download", NAME)
    assert (made.returncode, made.stdout) == (4, "")
    assert "arrived damaged" in made.stderr
    assert "Traceback" not in made.stderr
    assert not list(cache_folder.rglob("*.part"))


def test_a_damaged_copy_without_a_record_is_found(mdocr, cache_folder):
    folder = cache_folder / "models" / NAME
    folder.mkdir(parents=True)
    (folder / "best.pth").write_bytes(b"not a checkpoint")
    made = mdocr("models", "verify", NAME)
    assert made.returncode == 4
    assert f"{NAME}: damaged: best.pth" in made.stdout


def test_a_copy_without_a_record_that_loads(mdocr, cache_folder, hub_server):
    folder = cache_folder / "models" / NAME
    folder.mkdir(parents=True)
    (folder / "best.pth").write_bytes(hub_server.files[FILE])
    made = mdocr("models", "verify", NAME)
    assert made.returncode == 0
    assert "no checksum is recorded" in made.stdout


def test_offline(mdocr):
    made = mdocr("models", "download", NAME, HF_HUB_OFFLINE="1")
    assert (made.returncode, made.stdout) == (4, "")
    assert "offline" in made.stderr
    assert f"mdocr models download {NAME}" in made.stderr


def test_unknown_names(mdocr):
    made = mdocr("models", "path", "mdiff4str-basee")
    assert made.returncode == 4
    assert "Did you mean mdiff4str-base?" in made.stderr
    assert mdocr("models", "remove", "mdiff4str-lite").returncode == 4


def test_quiet_says_nothing_but_the_product(mdocr, cache_folder):
    made = mdocr("models", "download", NAME, "--quiet")
    assert made.stdout == f"{Path(cache_folder) / 'models' / NAME}\n"
    assert made.stderr == ""
