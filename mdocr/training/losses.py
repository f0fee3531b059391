"""Losses, normalised by counts over all processes, so that splitting a batch changes nothing.

Shapes: B words, K noised copies of each, L positions, V classes.
"""

import torch
from torch import Tensor
from torch.nn import functional


def denoising_loss(logits: Tensor, labels: Tensor, hidden: Tensor, lengths: Tensor) -> Tensor:
    """Cross-entropy at masked positions ÷ masked share ÷ length (MDiff4STR, equation 4).

    Args:
        logits: [B, K, L, V].
        labels: [B, L].
        hidden: [B, K, L]; at least one position of every copy is true.
        lengths: characters and EOS of each word [B].

    Returns:
        The mean over words and copies; as in the released training, the divisor is length + 1.
    """
    each = _cross_entropy(logits, labels, hidden)  # [B, K, L]
    share = hidden.sum(-1) / lengths[:, None]  # [B, K]
    return (each.sum(-1) / share / (lengths[:, None] + 1)).mean()


def replacement_loss(logits: Tensor, labels: Tensor, valid: Tensor, total: Tensor) -> Tensor:
    """Cross-entropy at all positions up to EOS of words with replaced characters (section 3.4).

    Args:
        logits: [B, K, L, V].
        labels: [B, L].
        valid: [B, L], true up to EOS.
        total: number of valid positions in the mean over processes, a scalar.
    """
    copies = logits.shape[1]
    inside = valid[:, None].expand(-1, copies, -1)
    return _cross_entropy(logits, labels, inside).sum() / (copies * total)


def ctc_loss(logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
    """Connectionist temporal classification; class 0 is the blank.

    Args:
        logits: of CTC frames [B, frames, V].
        labels: character ids from 1, then EOS, then padding [B, L].
        lengths: characters and EOS of each word [B].
    """
    return functional.ctc_loss(*_ctc_arguments(logits, labels, lengths), zero_infinity=True)


def ctc_likelihoods(logits: Tensor, labels: Tensor, lengths: Tensor) -> Tensor:
    """Probability of a character of each text, their geometric mean [B]; as of ``ctc_loss``."""
    arguments = _ctc_arguments(logits, labels, lengths)
    each = functional.ctc_loss(*arguments, reduction="none")
    return (-each / (lengths - 1).clamp_min(1)).exp()


def _ctc_arguments(
    logits: Tensor, labels: Tensor, lengths: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    log_probabilities = functional.log_softmax(logits.float(), -1).transpose(0, 1)
    frames = torch.full((logits.shape[0],), logits.shape[1], dtype=torch.long)
    return log_probabilities, labels, frames, lengths.cpu() - 1


def _cross_entropy(logits: Tensor, labels: Tensor, inside: Tensor) -> Tensor:
    """Cross-entropy per position [B, K, L], zero where not ``inside``."""
    targets = labels[:, None].expand(inside.shape).masked_fill(~inside, -100)
    each = functional.cross_entropy(
        logits.float().flatten(0, 2), targets.flatten(), reduction="none", ignore_index=-100
    )
    return each.view(inside.shape)
