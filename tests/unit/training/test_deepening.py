"""Word models that get more blocks: what they knew, and that the new ones learn."""

import pytest
import torch

from mdocr.errors import UsageError
from mdocr.models.mdiff4str import MDiff4STR
from mdocr.models.mdiff4str_config import DecoderConfig, EncoderConfig, MDiff4STRConfig
from mdocr.training.config import RecognizerModelConfig
from mdocr.training.recognizer.deepening import deepened

CHANCE = torch.Generator().manual_seed(0)
IMAGES = torch.rand(2, 3, 32, 64, generator=CHANCE) * 2 - 1
TOKENS = torch.randint(0, 90, (2, 26), generator=CHANCE)


@pytest.fixture(scope="module")
def model() -> MDiff4STR:
    torch.manual_seed(0)
    encoder = EncoderConfig((16, 16, 32), (1, 1, 2), (2, 2, 2), (1, 0, 0), drop_path=0.0)
    decoder = DecoderConfig(2, 2, dropout=0.0, aligned=True)
    return MDiff4STR(MDiff4STRConfig(encoder, decoder)).eval()


def test_a_deepened_model_reads_as_before(model):
    deeper = deepened(model, [0, 1, 2], 1).eval()
    assert deeper.config.encoder.depths == (1, 2, 4)
    assert deeper.config.decoder.layers == 3
    expected, found = model(IMAGES, TOKENS), deeper(IMAGES, TOKENS)
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


def test_gains_and_shifts_of_norms_do_little_harm(model):
    torch.manual_seed(0)
    uneven = MDiff4STR(model.config).eval()
    for module in uneven.modules():
        if isinstance(module, torch.nn.LayerNorm):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.3, 0.3)
    deeper = deepened(uneven, [0, 0, 1], 1).eval()
    expected, found = uneven(IMAGES, TOKENS), deeper(IMAGES, TOKENS)
    assert (found - expected).square().mean() < 0.03 * expected.square().mean()


def test_a_gain_of_nothing_is_undone_without_harm(model):
    torch.manual_seed(0)
    dead = MDiff4STR(model.config).eval()
    for module in dead.modules():
        if isinstance(module, torch.nn.LayerNorm):
            module.weight.data[0] = 0.0
    deeper = deepened(dead, [0, 0, 1], 0).eval()
    assert all(value.isfinite().all() for value in deeper.state_dict().values())
    assert deeper(IMAGES, TOKENS).isfinite().all()


def test_new_blocks_learn(model):
    deeper = deepened(model, [0, 0, 1], 1).train()
    deeper(IMAGES, TOKENS).square().mean().backward()
    for name in ("encoder.stages.2.blocks.2.mixer.proj", "decoder.layers.2.mlp.fc2"):
        gradient = deeper.get_submodule(name).weight.grad
        assert gradient is not None and gradient.abs().max() > 0


def test_nothing_more_is_the_model_itself(model):
    assert deepened(model, [], 0) is model
    with pytest.raises(UsageError, match="2 numbers for 3 stages"):
        deepened(model, [1, 1], 0)


def test_more_is_for_a_model_that_is_there():
    with pytest.raises(UsageError, match=r"model\.start"):
        RecognizerModelConfig(extra_layers=1)
    with pytest.raises(UsageError, match="negative"):
        RecognizerModelConfig(start="lite", extra_blocks=(0, -1, 0))
    assert RecognizerModelConfig(start="lite", extra_blocks=(0, 0, 1)).extra_layers == 0
