"""Distillation of an encoder: image features and CTC classes of a teacher are imitated.

A smaller encoder whose features are those of a trained one can be used with the decoder that was
trained for them (feature distillation, arXiv 1412.6550).

Shapes: B images, P image tokens, D width, F CTC frames, V classes of the teacher, L positions.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from mdocr.training.losses import ctc_likelihoods

Encode = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Images to features [B, P, D] and CTC logits [B, F, V]."""


class Imitation:
    """Losses against a teacher, whose weights stay as they are.

    Args:
        teacher: a trained model.
        encode: its features and CTC logits of images.
        weight: of the losses.
    """

    def __init__(self, teacher: nn.Module, encode: Encode, weight: float) -> None:
        self._teacher = teacher.eval().requires_grad_(False)
        self._encode = encode
        self.weight = weight

    def losses(
        self,
        features: Tensor,
        ctc_logits: Tensor,
        images: Tensor,
        labels: Tensor,
        lengths: Tensor,
    ) -> dict[str, Tensor]:
        """Losses of a student's features and logits of ``images`` [B, 3, H, W], by name.

        An image counts by the probability that the teacher gives a character of its text: from what
        it misreads, nothing is learned.

        ``tokens`` is the squared error as a share of the variance of the teacher's features, of
        which there may be more to a column than the student has; ``classes`` is the
        Kullback–Leibler divergence of the CTC classes, of which the student may have more.

        Args:
            features: [B, P, D].
            ctc_logits: [B, F, at least V].
            images: [B, 3, H, W].
            labels: character ids, then EOS [B, L].
            lengths: characters and EOS [B].
        """
        self._teacher.to(images.device)
        with torch.no_grad():
            wanted, wanted_logits = self._encode(images)
            known = ctc_likelihoods(wanted_logits, labels, lengths)
        wanted = _pooled(wanted.float(), features.shape[1])
        spread = wanted.var((0, 1), keepdim=True).clamp_min(1e-4)
        tokens = ((features.float() - wanted).square() / spread).mean((1, 2))
        said = functional.log_softmax(ctc_logits[..., : wanted_logits.shape[-1]].float(), -1)
        meant = functional.log_softmax(wanted_logits.float(), -1)
        classes = functional.kl_div(said, meant, reduction="none", log_target=True).sum(-1).mean(1)
        each = {"tokens": tokens, "classes": classes}
        return {name: self.weight * (known * loss).mean() for name, loss in each.items()}


def _pooled(features: Tensor, positions: int) -> Tensor:
    """Features [B, P, D] as the means [B, ``positions``, D] of neighbours in a row."""
    rows, _, width = features.shape
    return features.reshape(rows, positions, -1, width).mean(2)
