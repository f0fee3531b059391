"""Distillation of the vision tower: image tokens and CTC classes of a teacher are imitated.

A smaller encoder whose tokens are those of a trained one can be used with the decoder that was
trained for them (feature distillation, arXiv 1412.6550).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mdocr.models.line_reader import EncodedLines, LineReader


class Imitation(nn.Module):
    """Losses against a teacher, which is no part of the trained weights."""

    def __init__(self, teacher: LineReader, weight: float) -> None:
        super().__init__()
        self._teacher = [teacher.eval().requires_grad_(False)]  # hidden from state_dict and DDP
        self.weight = weight

    def forward(self, encoded: EncodedLines, images: Tensor) -> dict[str, Tensor]:
        """Losses of the student's tokens [B, P, ·] of ``images`` by name.

        ``tokens`` is the squared error as a share of the variance of the teacher's tokens;
        ``classes`` the Kullback–Leibler divergence of the CTC classes.
        """
        teacher = self._teacher[0].to(images.device)
        with torch.no_grad():
            wanted = teacher.encode(images)
        features = wanted.features.float()
        spread = features.var((0, 1), keepdim=True).clamp_min(1e-4)
        tokens = ((encoded.features.float() - features).square() / spread).mean()
        said = functional.log_softmax(encoded.ctc_logits.float(), -1)
        meant = functional.log_softmax(wanted.ctc_logits.float(), -1)
        classes = functional.kl_div(said, meant, reduction="none", log_target=True).sum(-1).mean()
        return {"tokens": self.weight * tokens, "classes": self.weight * classes}
