"""MinerU-Diffusion against the numbers of the released code, on a tiny random checkpoint."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from golden_pages import GOLDEN, META, PROMPT, VECTORS, expected, options
from PIL import Image
from safetensors.torch import load_file, save_file

from mdocr.decoding.choices import likeliest
from mdocr.decoding.requests import BlockOptions
from mdocr.errors import DeviceError, InputError, UsageError, WeightsError
from mdocr.models.attention import DenseAttention, block_mask
from mdocr.models.mineru_diffusion_config import MinerUDiffusionConfig, VisionConfig
from mdocr.models.qwen2_vision import Qwen2Vision
from mdocr.models.sdar import SDAR
from mdocr.models.sdar_config import SDARConfig
from mdocr.parsing.loading import load_parser
from mdocr.preprocessing.mineru_diffusion import prepare

MASK = META["ids"]["mask"]
PICTURES = ["wide", "tiny", "sliver"]


@pytest.fixture(scope="module")
def parser():
    return load_parser(GOLDEN, device="cpu", dtype="float32")


def picture(name):
    return prepare(Image.open(GOLDEN / f"{name}.png"))


def encoded(parser, names):
    pictures = [picture(name) for name in names]
    patches = torch.cat([torch.from_numpy(one.patches) for one in pictures])
    return parser.engine.model.encode(patches, [one.grid for one in pictures])


def dense_logits(parser, tokens, block):
    """One pass over the whole row, without a cache."""
    wide = picture("wide")
    mask = block_mask(len(PROMPT), len(tokens), block)
    patches = torch.from_numpy(wide.patches)
    attend = DenseAttention(mask)
    return parser.engine.model(torch.tensor([tokens]), attend, patches, [wide.grid])[0]


@pytest.mark.parametrize("name", list(META["image_processor"]))
def test_pictures(name):
    facts, made = META["image_processor"][name], picture(name)
    assert [[1, *made.grid]] == facts["grid"]
    assert list(made.patches.shape) == facts["shape"]
    assert made.tokens * 4 == len(made.patches)
    assert made.patches.mean(dtype=np.float64) == pytest.approx(facts["mean"], abs=1e-6)
    assert made.patches.std(dtype=np.float64) == pytest.approx(facts["std"], abs=1e-4)
    if name in PICTURES:
        np.testing.assert_array_equal(made.patches, VECTORS[f"pixels_{name}"].numpy())


@pytest.mark.parametrize("name", PICTURES)
def test_features(parser, name):
    torch.testing.assert_close(
        encoded(parser, [name]), VECTORS[f"features_{name}"], atol=1e-4, rtol=0
    )


def test_features_of_several_pictures_at_once(parser):
    together = torch.cat([VECTORS[f"features_{name}"] for name in PICTURES])
    torch.testing.assert_close(encoded(parser, PICTURES), together, atol=1e-4, rtol=0)


def test_prompt_embeddings(parser):
    made = parser.engine.model.embed(VECTORS["prompt_ids"], encoded(parser, ["wide"]))
    torch.testing.assert_close(made, VECTORS["prompt_embeds"], atol=1e-4, rtol=0)


@pytest.mark.parametrize("block", [4, 8, 32])
def test_masks_and_logits(parser, block):
    mask = block_mask(len(PROMPT), len(PROMPT) + 64, block)
    assert torch.equal(mask, VECTORS[f"attention_mask_b{block}"])
    logits = dense_logits(parser, PROMPT + [MASK] * 64, block)[45 : 45 + block]
    wanted = VECTORS[f"logits_masked64_b{block}"][0]
    torch.testing.assert_close(logits, wanted, atol=1e-4, rtol=0)


@pytest.mark.parametrize("case", list(META["cases"]))
def test_generation(parser, case):
    asked = options(case)
    (made,) = parser.generate(
        [GOLDEN / "wide.png"],
        [PROMPT],
        threshold=asked.threshold,
        block_length=asked.block_length,
        steps=asked.steps,
        max_tokens=asked.max_tokens,
        stop_ids=[],
    )
    assert (made.tokens, made.steps) == expected(case)
    steps, blocks = META["cases"][case]["steps"], asked.max_tokens // asked.block_length
    assert made.passes == steps  # the released code takes one more per block and for the prompt
    assert made.passes < 1 + steps + blocks
    assert all(0 < confidence <= 1 for confidence in made.confidences)
    assert made.text == parser.tokenizer.decode(made.tokens)


def test_generation_ends_before_the_stop_token(parser):
    facts = META["stop_case"]
    (made,) = parser.generate(
        GOLDEN / "wide.png",
        PROMPT,
        threshold=0.6,
        block_length=8,
        steps=8,
        max_tokens=64,
        stop_ids=[facts["stop_id"]],
    )
    tokens, steps = expected_stop()
    assert len(made.tokens) == facts["first"]
    assert (made.tokens, made.steps) == (tokens, steps[: facts["first"]])
    assert made.passes <= max(steps)


def expected_stop():
    name = "stop_b8_t0.6_s8"
    return tuple(VECTORS[f"tokens_{name}"][0].tolist()), tuple(VECTORS[f"steps_{name}"][0].tolist())


@pytest.mark.parametrize("batch_size", [1, 3, 13])
def test_a_batch_gives_what_each_gives_alone(parser, batch_size):
    """All cases at once: different block lengths, thresholds, ends, and more than fit together."""
    requests = [
        parser.request(GOLDEN / "wide.png", PROMPT, options(case), frozenset())
        for case in META["cases"]
    ]
    stop = frozenset({META["stop_case"]["stop_id"]})
    requests.append(replace(requests[5], stop_ids=stop))
    made = dict(parser.denoise(iter(requests), batch_size))
    for number, case in enumerate(META["cases"]):
        assert (made[number].tokens, made[number].steps) == expected(case), case
        assert made[number].passes == META["cases"][case]["steps"]
    assert made[len(requests) - 1].tokens == expected_stop()[0]


def test_different_pictures_and_prompts_in_one_batch(parser):
    names = [*PICTURES, "wide"]
    prompts = ["text", "table", [5, META["ids"]["image"], 6], "\nWhat is this?"]
    asked = {"block_length": 8, "max_tokens": 20, "threshold": [0.5, 0.9, 0.7, 0.3]}
    images = [Image.open(GOLDEN / f"{name}.png") for name in names]
    together = parser.generate(images, prompts, **asked, batch_size=3)
    for number, made in enumerate(together):
        alone = parser.generate(
            images[number : number + 1],
            [prompts[number]],
            **{**asked, "threshold": asked["threshold"][number]},
        )
        assert made.tokens == alone[0].tokens
        assert made.steps == alone[0].steps


def test_the_cache_changes_nothing(parser):
    """Autoregressive decoding, against whole passes without a cache or a fused block."""
    (made,) = parser.generate(
        GOLDEN / "wide.png", PROMPT, block_length=1, max_tokens=12, stop_ids=[]
    )
    tokens = list(PROMPT)
    for _ in range(12):
        logits = dense_logits(parser, [*tokens, MASK], 1)[-1:]
        tokens.append(int(likeliest(logits, MASK)[0][0]))
    assert list(made.tokens) == tokens[45:]
    assert made.passes == 12


def test_a_single_picture_token_is_repeated(parser):
    single = [t for t in PROMPT if t != META["ids"]["image"]]
    single.insert(PROMPT.index(META["ids"]["image"]), META["ids"]["image"])
    assert parser.request(GOLDEN / "wide.png", single, BlockOptions()).prompt == tuple(PROMPT)
    with pytest.raises(UsageError, match="image tokens"):
        parser.request(GOLDEN / "tiny.png", PROMPT, BlockOptions())
    with pytest.raises(UsageError, match="image tokens"):
        parser.request(None, single, BlockOptions())


def test_the_prompt_of_a_task(parser):
    ids = parser.request(GOLDEN / "tiny.png", "layout", BlockOptions()).prompt
    assert parser.tokenizer.decode(ids) == (
        "<|im_start|>systemYou are a helpful assistant.<|im_end|><|im_start|>user<|vision_start|>"
        + "<|image_pad|>" * 6
        + "<|vision_end|>\nLayout Detection:<|im_end|><|im_start|>assistant"
    )
    formula, equation = (parser.tokenizer.frame(task, True) for task in ("formula", "equation"))
    assert formula == equation
    assert parser.tokenizer.stop_ids == {META["ids"]["im_end"], META["ids"]["endoftext"]}


def test_senseless_requests_are_refused(parser):
    with pytest.raises(UsageError, match="2 prompts for 1 pictures"):
        parser.generate([GOLDEN / "tiny.png"], ["text", "table"])
    with pytest.raises(UsageError, match="1 thresholds for 2 pictures"):
        parser.generate([GOLDEN / "tiny.png"] * 2, "text", threshold=[0.5])
    with pytest.raises(InputError, match=r"absent\.png"):
        parser.generate([GOLDEN / "absent.png"], "text")
    with pytest.raises(UsageError, match="dtype"):
        load_parser(GOLDEN, dtype="int4")
    with pytest.raises(DeviceError):
        load_parser(GOLDEN, device="cuda:99")
    assert parser.generate([], "text") == []


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        MemoryError(),
        RuntimeError("MPS backend out of memory"),
        RuntimeError("a bug"),
    ],
)
def test_lack_of_memory_is_a_device_error(parser, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(parser.engine.model, "encode", fail)
    wanted = RuntimeError if str(error) == "a bug" else DeviceError
    with pytest.raises(wanted, match=r"a bug|out of memory"):
        parser.generate([GOLDEN / "tiny.png"], "text")


def test_pictures_are_opened_as_everywhere(parser, tmp_path):
    with Image.open(GOLDEN / "wide.png") as opened:
        wide = opened.convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    wide.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    clear = wide.convert("RGBA")
    clear.putalpha(0)
    clear.save(tmp_path / "clear.png")
    white = Image.new("RGB", wide.size, "white")
    for name, same in (("turned.png", wide), ("clear.png", white)):
        given, expected = (
            parser.request(image, "text", BlockOptions()).picture.patches
            for image in (tmp_path / name, same)
        )
        np.testing.assert_array_equal(given, expected)
    (tmp_path / "cut.png").write_bytes((GOLDEN / "wide.png").read_bytes()[:60])
    with pytest.raises(InputError, match=r"cut\.png"):
        parser.generate([tmp_path / "cut.png"], "text")


def test_half_precision(parser):
    half = load_parser(GOLDEN, device="cpu", dtype="bfloat16")
    assert half.engine.model.dtype == torch.bfloat16
    logits = dense_logits(parser, PROMPT + [MASK] * 32, 32)
    wide = picture("wide")
    patches = torch.from_numpy(wide.patches).bfloat16()
    tokens = torch.tensor([PROMPT + [MASK] * 32])
    attend = DenseAttention(block_mask(45, 77, 32))
    made = half.engine.model(tokens, attend, patches, [wide.grid])[0]
    assert torch.nn.functional.cosine_similarity(made.float(), logits, dim=-1).min() > 0.99
    assert half.generate([GOLDEN / "wide.png"], "text", max_tokens=32)[0].passes >= 1


# Loading


@pytest.fixture
def folder(tmp_path):
    """A copy of the checkpoint that a test may spoil."""
    for name in ("config.json", "tokenizer.json", "preprocessor_config.json"):
        (tmp_path / name).write_bytes((GOLDEN / name).read_bytes())
    return tmp_path


def weights():
    return load_file(GOLDEN / "model.safetensors")


def test_weights_are_mapped_not_copied():
    """Tensors lie in memory as they lie in the file."""
    model = load_parser(GOLDEN, device="cpu").engine.model
    content = (GOLDEN / "model.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    header.pop("__metadata__", None)
    state = model.state_dict()
    starts = {state[key].data_ptr() - entry["data_offsets"][0] for key, entry in header.items()}
    assert len(starts) == 1
    keys = (GOLDEN / "checkpoint_keys.tsv").read_text(encoding="utf-8").splitlines()
    shapes = {key: str(list(value.shape)) for key, value in model.state_dict().items()}
    assert shapes == dict(line.split("\t") for line in keys)


def test_shards_and_the_other_spelling_of_the_configuration(folder, parser):
    record = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    record["language_model_config"] = record.pop("text_config")
    record["vision_model_config"] = record.pop("vision_config")
    assert MinerUDiffusionConfig.from_record(record) == parser.engine.config
    (folder / "config.json").write_text(json.dumps(record), encoding="utf-8")
    state = weights()
    names = {key: f"model-0000{1 + (number % 2)}.safetensors" for number, key in enumerate(state)}
    for name in set(names.values()):
        save_file({key: state[key] for key in state if names[key] == name}, folder / name)
    index = json.dumps({"weight_map": names})
    (folder / "model.safetensors.index.json").write_text(index, encoding="utf-8")
    loaded = load_parser(folder, device="cpu").engine.model.state_dict()
    assert all(torch.equal(loaded[key], value) for key, value in state.items())
    (folder / "model-00002.safetensors").unlink()
    with pytest.raises(WeightsError, match="model-00002"):
        load_parser(folder, device="cpu")


def test_every_key_is_accounted_for(folder):
    state = weights()
    state["language_model.lm_head.bias"] = state.pop("language_model.model.norm.weight")
    state["language_model.lm_head.weight"] = torch.zeros(3, 64)
    save_file(state, folder / "model.safetensors")
    with pytest.raises(WeightsError) as error:
        load_parser(folder, device="cpu")
    assert "missing: language_model.model.norm.weight" in error.value.message
    assert "unknown keys: language_model.lm_head.bias" in error.value.message
    assert "language_model.lm_head.weight is [3, 64], not [600, 64]" in error.value.message


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", "{"),
        ("config.json", "[]"),
        ("config.json", '{"model_type": "qwen3"}'),
        ("config.json", '{"text_config": {"rope_scaling": {"type": "yarn"}}}'),
        ("tokenizer.json", "{}"),
        ("model.safetensors", "no weights"),
    ],
)
def test_damaged_files_are_named(folder, name, content):
    save_file(weights(), folder / "model.safetensors")
    (folder / name).write_text(content, encoding="utf-8")
    with pytest.raises(WeightsError, match=name.replace(".", r"\.")):
        load_parser(folder, device="cpu")


def test_missing_files_are_named(folder):
    with pytest.raises(WeightsError, match=r"no \.safetensors file"):
        load_parser(folder, device="cpu")
    (folder / "config.json").unlink()
    with pytest.raises(WeightsError, match=r"config\.json"):
        load_parser(folder, device="cpu")


# Against transformers, where a developer has it


@pytest.mark.filterwarnings("ignore")
def test_the_vision_tower_is_that_of_transformers():
    reason = "transformers is not installed"
    pytest.importorskip("transformers", reason=reason)
    from transformers.models.qwen2_vl.configuration_qwen2_vl import Qwen2VLVisionConfig
    from transformers.models.qwen2_vl.modeling_qwen2_vl import (
        Qwen2VisionTransformerPretrainedModel,
    )

    sizes = {"depth": 2, "embed_dim": 64, "num_heads": 4}
    reference = Qwen2VisionTransformerPretrainedModel(Qwen2VLVisionConfig(**sizes)).eval()
    reference.merger = torch.nn.Identity()
    tower = Qwen2Vision(VisionConfig(**sizes))
    tower.load_state_dict(reference.state_dict())
    patches, grids = torch.randn(56, 1176), [(4, 6), (8, 4)]
    with torch.no_grad():
        wanted = reference(patches, torch.tensor([[1, *grid] for grid in grids]))
        wanted = getattr(wanted, "last_hidden_state", wanted)
        torch.testing.assert_close(tower(patches, grids), wanted, atol=1e-4, rtol=0)


@pytest.mark.filterwarnings("ignore")
def test_block_length_one_is_a_causal_qwen3():
    pytest.importorskip("transformers", reason="transformers is not installed")
    from transformers import Qwen3Config, Qwen3ForCausalLM

    config = SDARConfig(
        vocab_size=50,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
    )
    reference = Qwen3ForCausalLM(Qwen3Config(**vars(config), tie_word_embeddings=False)).eval()
    model = SDAR(config)
    model.load_state_dict(reference.state_dict())
    tokens = torch.arange(24).view(2, 12)
    with torch.no_grad():
        x, positions = model.model.embed_tokens(tokens), torch.arange(12).expand(2, 12)
        made = model(x, positions, DenseAttention(block_mask(1, 12, 1)))
        torch.testing.assert_close(made, reference(tokens).logits, atol=1e-4, rtol=0)
