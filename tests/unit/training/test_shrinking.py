"""A smaller encoder starts from a larger one, and learns from a teacher."""

from dataclasses import replace

import pytest
import torch
from page_models import tiny_line_reader
from torch import nn
from torch.nn import functional

from mdocr.errors import UsageError
from mdocr.models.line_reader import LineReader
from mdocr.models.mdiff4str import MDiff4STR
from mdocr.models.mdiff4str_config import lite
from mdocr.training import imitation
from mdocr.training.imitation import Imitation
from mdocr.training.shrinking import with_encoder

COARSE = ((2, 1), (2, 2))
TEXTS = torch.tensor([[1, 2], [2, 1]]), torch.tensor([3, 3])


@pytest.fixture
def known_texts(monkeypatch):
    """The teacher, whose weights are random, is taken to read everything right."""
    monkeypatch.setattr(imitation, "ctc_likelihoods", lambda *_: torch.ones(2))


def deep_line_reader() -> LineReader:
    tiny = tiny_line_reader(formula_height=64).config
    encoder = replace(tiny.encoder, depths=(2, 3, 3), convolutions=(2, 2, 0))
    torch.manual_seed(1)
    return LineReader(replace(tiny, encoder=encoder)).eval()


def test_the_same_sizes_keep_every_weight():
    model = deep_line_reader()
    made = with_encoder(model, model.config.encoder).state_dict()
    for name, value in model.state_dict().items():
        assert torch.equal(made[name], value), name


def test_blocks_of_the_same_mixer_are_kept_from_first_to_last():
    model = deep_line_reader()
    sizes = replace(model.config.encoder, depths=(1, 2, 2), convolutions=(1, 1, 0))
    made = with_encoder(model, sizes)
    for stage, block, origin in [(0, 0, 0), (1, 0, 0), (1, 1, 2), (2, 0, 0), (2, 1, 2)]:
        kept = made.encoder.stages[stage].blocks[block].state_dict()
        for name, value in model.encoder.stages[stage].blocks[origin].state_dict().items():
            assert torch.equal(kept[name], value), (stage, block, name)


@pytest.mark.parametrize("height", [32, 64])
def test_a_coarser_grid_gives_as_many_tokens(height):
    model = deep_line_reader()
    made = with_encoder(model, replace(model.config.encoder, strides=COARSE)).eval()
    images = torch.randn(2, 3, height, 96)
    with torch.no_grad():
        old, new = model.encode(images), made.encode(images)
    assert new.features.shape == old.features.shape
    assert new.ctc_logits.shape == old.ctc_logits.shape
    assert torch.equal(new.features[:, 0::2], new.features[:, 1::2])  # one column, before training


@pytest.mark.usefixtures("known_texts")
def test_a_coarser_word_grid_has_as_many_ctc_frames_and_imitates_pairs_of_columns():
    torch.manual_seed(1)
    model = MDiff4STR(lite()).eval()
    made = with_encoder(model, replace(model.config.encoder, strides=((2, 2), (2, 1)))).eval()
    images = torch.randn(2, 3, 32, 96)
    with torch.no_grad():
        (old, old_logits), (new, new_logits) = map(encode_words(images), (model, made))
    assert (old.shape[1], new.shape[1]) == (2 * 24, 2 * 12)
    assert old_logits.shape == new_logits.shape == (2, 24, model.charset.outputs)
    assert torch.equal(new_logits[:, 0::2], new_logits[:, 1::2])  # one column, before training
    pairs = old.unflatten(1, (-1, 2)).mean(2)
    copied = Imitation(model, model.encode_with_ctc, weight=1.0)
    losses = copied.losses(pairs, old_logits, images, *TEXTS)
    assert {name: float(loss) for name, loss in losses.items()} == pytest.approx(
        {"tokens": 0.0, "classes": 0.0}, abs=1e-5
    )
    assert copied.losses(new, new_logits, images, *TEXTS)["tokens"] > 0.01


def test_nothing_is_learned_from_an_image_that_the_teacher_misreads():
    certain = 20 * functional.one_hot(torch.tensor([[1, 0, 2, 0], [2, 0, 2, 0]]), 4).float()
    features = torch.randn(2, 4, 8)
    copied = Imitation(nn.Identity(), lambda _: (features, certain), weight=1.0)
    labels, lengths = torch.tensor([[1, 2], [1, 2]]), torch.tensor([3, 3])
    wrong = features + torch.tensor([0.0, 1.0])[:, None, None]
    losses = copied.losses(wrong, certain, torch.zeros(2, 3, 32, 16), labels, lengths)
    assert losses["tokens"] < 1e-3
    labels = torch.tensor([[1, 2], [2, 2]])
    losses = copied.losses(wrong, certain, torch.zeros(2, 3, 32, 16), labels, lengths)
    assert losses["tokens"] > 0.1


def encode_words(images):
    return lambda model: model.encode_with_ctc(images)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dims": (8, 16, 32)}, "stages of"),
        ({"depths": (2, 4, 3), "convolutions": (2, 3, 0)}, "3 blocks of a kind"),
    ],
)
def test_encoders_that_do_not_start_from_it_are_refused(change, message):
    model = deep_line_reader()
    with pytest.raises(UsageError, match=message):
        with_encoder(model, replace(model.config.encoder, **change))


@pytest.mark.usefixtures("known_texts")
def test_a_copy_of_the_teacher_has_nothing_to_learn_and_a_smaller_model_learns():
    teacher = deep_line_reader()

    def encode(images, model=teacher):
        encoded = model.encode(images)
        return encoded.features, encoded.ctc_logits

    copied = Imitation(teacher, encode, weight=2.0)
    images = torch.randn(2, 3, 32, 96)
    same = copied.losses(*encode(images), images, *TEXTS)
    assert {name: float(loss) for name, loss in same.items()} == pytest.approx(
        {"tokens": 0.0, "classes": 0.0}, abs=1e-5
    )
    learner = with_encoder(teacher, replace(teacher.config.encoder, strides=COARSE)).train()
    optimizer = torch.optim.AdamW(learner.parameters(), lr=2e-3)
    history = []
    for _ in range(30):
        loss = sum(copied.losses(*encode(images, learner), images, *TEXTS).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(float(loss.detach()))
    assert history[-1] < 0.7 * history[0]
