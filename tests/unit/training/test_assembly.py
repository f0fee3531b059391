"""A model put together from a Qwen2-VL tower and an SDAR model, both tiny and random."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from mdocr.errors import UsageError, WeightsError
from mdocr.training.config import MinerUDiffusionRunConfig
from mdocr.training.mineru_diffusion.assembly import assemble
from mdocr.training.mineru_diffusion.samples import MinerUDiffusionDataConfig
from mdocr.training.mineru_diffusion.trainer import (
    MinerUDiffusionModelConfig,
    MinerUDiffusionRun,
    make_model,
    starting_folder,
)
from mdocr.training.processes import Processes
from mdocr.weights.mineru_diffusion import HEAD, load_mineru_diffusion

GOLDEN = Path(__file__).parents[2] / "golden" / "mineru_diffusion"
WEIGHTS = load_file(GOLDEN / "model.safetensors")
RECORD = json.loads((GOLDEN / "config.json").read_text("utf-8"))


@pytest.fixture(params=["", "model."])
def vision(tmp_path, request) -> Path:
    """A Qwen2-VL checkpoint, in the older and the newer naming; its language model is another."""
    folder = tmp_path / "vision"
    folder.mkdir()
    tower = {
        request.param + key.replace("vision_model.", "visual."): value
        for key, value in WEIGHTS.items()
        if key.startswith("vision_model.")
    }
    for key, value in WEIGHTS.items():
        if key.startswith("vision_abstractor.projection."):
            name = key.replace("vision_abstractor.projection.", "visual.merger.")
            wider = key.endswith(("mlp.2.weight", "mlp.2.bias"))
            tower[request.param + name] = torch.cat([value, value]) if wider else value
    save_file({**tower, "lm_head.weight": torch.zeros(2, 2)}, folder / "model.safetensors")
    sizes = {k: v for k, v in RECORD["vision_config"].items() if k != "model_type"}
    record = {"model_type": "qwen2_vl", "hidden_size": 128, "vision_config": sizes}
    (folder / "config.json").write_text(json.dumps(record))
    shutil.copy(GOLDEN / "preprocessor_config.json", folder)
    return folder


@pytest.fixture
def language(tmp_path) -> Path:
    folder = tmp_path / "language"
    folder.mkdir()
    prefix = "language_model."
    text = {k.removeprefix(prefix): v for k, v in WEIGHTS.items() if k.startswith(prefix)}
    save_file(text, folder / "model.safetensors")
    record = {**RECORD["text_config"], "auto_map": {"AutoModel": "modeling_sdar.SDAR"}}
    (folder / "config.json").write_text(json.dumps(record))
    (folder / "modeling_sdar.py").write_text("")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(GOLDEN / name, folder)
    return folder


def test_both_towers_are_taken_over_and_the_projector_is_new(vision, language, tmp_path):
    assemble(vision, language, tmp_path / "made")
    made = load_mineru_diffusion(tmp_path / "made")
    assert (made.config.image_token_id, made.config.mask_token_id) == (590, 595)
    for key, value in made.state_dict().items():
        new = key.startswith("vision_abstractor.projection.mlp.2.")
        assert torch.equal(value, WEIGHTS[key]) != new, key
    assert not made.state_dict()["vision_abstractor.projection.mlp.2.bias"].any()
    names = {file.name for file in (tmp_path / "made").iterdir()}
    assert {"tokenizer.json", "preprocessor_config.json"} <= names
    assert "modeling_sdar.py" not in names  # it is no code of the assembled model


def test_a_run_assembles_its_start_once(vision, language, tmp_path):
    run = MinerUDiffusionRun(
        MinerUDiffusionDataConfig(manifest=("m",)),
        MinerUDiffusionModelConfig(vision=str(vision), language=str(language)),
        run=MinerUDiffusionRunConfig(output=str(tmp_path / "run")),
    )
    alone = Processes(0, 1, torch.device("cpu"))
    folder = starting_folder(run, alone)
    assert folder == tmp_path / "run" / "start"
    made = make_model(run.model, folder)
    shutil.rmtree(vision)  # a resumed run has no need of it
    again = make_model(run.model, starting_folder(run, alone))
    for key, value in made.state_dict().items():
        assert torch.equal(value, again.state_dict()[key])


def test_a_language_model_may_have_tied_embeddings(vision, language, tmp_path):
    text = load_file(language / "model.safetensors")
    del text["lm_head.weight"]
    save_file(text, language / "model.safetensors")
    record = json.loads((language / "config.json").read_text()) | {"tie_word_embeddings": True}
    (language / "config.json").write_text(json.dumps(record))
    assemble(vision, language, tmp_path / "made")
    assert HEAD not in load_file(tmp_path / "made" / "model.safetensors")
    made = load_mineru_diffusion(tmp_path / "made").language_model
    assert torch.equal(made.lm_head.weight, made.model.embed_tokens.weight)


def test_what_does_not_fit_is_named(vision, language, tmp_path):
    with pytest.raises(WeightsError, match="qwen2_vl"):
        assemble(language, language, tmp_path / "made")
    (language / "tokenizer.json").unlink()
    with pytest.raises(WeightsError, match=r"tokenizer\.json"):
        assemble(vision, language, tmp_path / "made")
    with pytest.raises(UsageError, match="belong together"):
        MinerUDiffusionModelConfig(vision="v")


def test_a_tower_of_another_architecture_is_refused(vision, language, tmp_path):
    record = json.loads((vision / "config.json").read_text())
    (vision / "config.json").write_text(json.dumps(record | {"model_type": "qwen2_5_vl"}))
    with pytest.raises(WeightsError, match="qwen2_5_vl"):
        assemble(vision, language, tmp_path / "made")
    assert not (tmp_path / "made").exists()
