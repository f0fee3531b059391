"""``mdocr info`` tells what an installation runs on, also where a part of it is broken."""

import json
import sys

import onnxruntime
import pytest
import torch
from typer.testing import CliRunner

import mdocr
from mdocr.cli import info
from mdocr.cli.main import app


def test_the_facts_are_those_of_this_machine(cache_folder):
    facts = info.collect()
    assert facts["schema"] == "mdocr.info/1"
    assert facts["mdocr"] == mdocr.__version__
    assert facts["torch"] == torch.__version__
    assert facts["onnxruntime"] == onnxruntime.__version__
    assert facts["threads"] == torch.get_num_threads()
    assert facts["cache"] == str(cache_folder)
    assert "CPUExecutionProvider" in facts["onnx_providers"]
    cpu = facts["devices"][0]
    assert cpu["name"] == "cpu"
    assert cpu["memory"] > 1 << 28
    assert len(facts["devices"]) >= 1 + torch.cuda.device_count()


def test_json_and_text_say_the_same(cache_folder):
    made = CliRunner().invoke(app, ["info", "--json"])
    assert made.exit_code == 0
    facts = json.loads(made.stdout)
    text = CliRunner().invoke(app, ["info"]).stdout
    assert facts["torch"] in text
    assert facts["cache"] in text
    assert "cpu (" in text


def test_a_broken_package_is_reported_and_no_obstacle(cache_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    facts = info.collect()
    assert facts["onnxruntime"].startswith("not usable (")
    assert facts["onnx_providers"] == []
    assert facts["torch"] == torch.__version__


def test_installed_models_are_listed(cache_folder):
    folder = cache_folder / "models" / "mdiff4str-small"
    folder.mkdir(parents=True)
    (folder / "best.pth").touch()
    assert "mdiff4str-small" in info.collect()["models"]


@pytest.mark.parametrize("value", [[], ["a", "b"], 3])
def test_values_as_text(value):
    assert info._as_text(value) == {"[]": "none", "['a', 'b']": "a, b", "3": "3"}[str(value)]
