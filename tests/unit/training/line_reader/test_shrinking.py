"""A smaller encoder starts from a larger one, and learns from a teacher."""

from dataclasses import replace

import pytest
import torch
from page_models import tiny_line_reader

from mdocr.errors import UsageError
from mdocr.models.line_reader import LineReader
from mdocr.training.line_reader.imitation import Imitation
from mdocr.training.line_reader.shrinking import with_encoder

COARSE = ((2, 1), (2, 2))


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


def test_a_copy_of_the_teacher_has_nothing_to_learn_and_a_smaller_model_learns():
    teacher = deep_line_reader()
    imitation = Imitation(teacher, weight=2.0)
    assert not list(imitation.parameters())
    images = torch.randn(2, 3, 32, 96)
    same = imitation(teacher.encode(images), images)
    assert {name: float(loss) for name, loss in same.items()} == pytest.approx(
        {"tokens": 0.0, "classes": 0.0}, abs=1e-5
    )
    learner = with_encoder(teacher, replace(teacher.config.encoder, strides=COARSE)).train()
    optimizer = torch.optim.AdamW(learner.parameters(), lr=2e-3)
    history = []
    for _ in range(30):
        loss = sum(imitation(learner.encode(images), images).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(float(loss.detach()))
    assert history[-1] < 0.7 * history[0]
