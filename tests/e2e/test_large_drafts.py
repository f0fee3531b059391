"""``mdocr parse --draft`` and ``--layout``, with the tiny checkpoint and with a server."""

import json
from pathlib import Path

import pytest
from chat_server import ChatServer
from click.testing import Result
from page_models import write_pdf
from typer.testing import CliRunner

from mdocr.cli.main import app


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    return write_pdf(tmp_path / "a.pdf", [["The first line of it", "and the second line"]])


def parse(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["parse", *map(str, arguments), "--device", "cpu"])


def blocks(result: Result) -> list[dict]:
    assert result.exit_code == 0, result.stderr
    (page,) = json.loads(result.stdout)["pages"]
    return page["blocks"]


def test_texts_are_the_same_with_and_without_drafts(pdf: Path, golden: Path) -> None:
    command = [pdf, "--model", golden / "mineru_diffusion", "--layout", "lite", "--format", "json"]
    command += ["--max-tokens", "40", "--dpi", "72", "--workers", "1"]
    results = {draft: parse(*command, "--draft", draft) for draft in ("none", "text-layer", "lite")}
    read = {
        draft: [block["content"] for block in json.loads(result.stdout)["pages"][0]["blocks"]]
        for draft, result in results.items()
    }
    assert read["none"] == read["text-layer"] == read["lite"] != []


def test_regions_of_the_lite_model_go_to_a_server(pdf: Path) -> None:
    with ChatServer(lambda image, prompt: f"read {image.width > image.height}") as server:
        read = blocks(parse(pdf, "--server", server.url, "--layout", "lite", "--format", "json"))
    prompts = {chat["messages"][-1]["content"][1]["text"] for chat in server.chats}
    assert prompts == {"\nText Recognition:"}
    assert {block["content"] for block in read} == {"read True"}
    assert len(read) == len(server.chats)


def test_a_server_verifies_no_drafts(pdf: Path) -> None:
    with ChatServer(lambda image, prompt: "") as server:
        result = parse(pdf, "--server", server.url, "--draft", "lite")
    assert result.exit_code == 2
    assert "--draft none" in result.stderr
    assert not server.chats
