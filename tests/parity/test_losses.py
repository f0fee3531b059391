"""Losses and a gradient against those of the upstream implementation."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from mdocr.models.mdiff4str import MDiff4STR
from mdocr.training.losses import ctc_loss, denoising_loss, replacement_loss
from mdocr.weights.mdiff4str import load_mdiff4str


@pytest.fixture(scope="module")
def model(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> MDiff4STR:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MDOCR_CACHE", str(tmp_path_factory.mktemp("cache")))
        return load_mdiff4str(golden / "mdiff4str/tiny_best.pth")


@pytest.fixture(scope="module")
def vectors(golden: Path) -> dict[str, Tensor]:
    return load_file(golden / "mdiff4str/vectors.safetensors")


def loss_of(model: MDiff4STR, vectors: dict[str, Tensor], copies: int) -> Tensor:
    labels, lengths = vectors["train_label"], vectors["train_length"]
    valid = torch.arange(labels.shape[1]) < lengths[:, None]
    memory = model.encoder(vectors["image_128x32"][: len(labels)])
    projected = model.decoder.project(memory)
    denoised = model.decoder(vectors["train_noisy"][:, :copies], projected)
    restored = model.decoder(vectors["train_replaced"][:, :copies], projected)
    hidden = vectors["train_masked"][:, :copies]
    return denoising_loss(denoised, labels, hidden, lengths) + replacement_loss(
        restored, labels, valid, valid.sum()
    )


def test_loss_of_one_copy(model, vectors):
    torch.testing.assert_close(loss_of(model, vectors, 1), vectors["loss_single"])


def test_loss_and_gradient_of_all_copies(model, vectors):
    model.zero_grad()
    loss = loss_of(model, vectors, 3)
    loss.backward()
    torch.testing.assert_close(loss.detach(), vectors["loss_all"])
    gradient = vectors["grad_tgt_word_prj"]
    assert gradient.abs().max() > 1e-3
    torch.testing.assert_close(model.decoder.head.weight.grad, gradient, rtol=1e-4, atol=1e-6)


def test_ctc_takes_words_without_characters_and_too_long_ones():
    labels = torch.tensor([[5, 6, 0, 96], [0, 96, 96, 96], [1, 1, 1, 0]])
    logits = torch.zeros(3, 4, 95, requires_grad=True)  # "111" needs five columns
    loss = ctc_loss(logits, labels, torch.tensor([3, 1, 4]))
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()
