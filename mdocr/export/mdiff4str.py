"""MDiff4STR as ONNX files, for the engine onnx.

    load the weights → trace encoder and step → save in a precision → compare with torch → put

The graphs are traced from two wrappers, so that the models know nothing of the export. Keys and
values of the image are in the encoder's graph, since all passes over an image share them.

Shapes: B images, B' words of a pass, S = 2 · layers keys and values, N positions of the image,
E width of a head, L positions of a word, T CTC frames, V classes.
"""

import logging
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mdocr.engines.onnx_words import OnnxWordEngine
from mdocr.engines.torch_words import TorchWordEngine
from mdocr.export.folder import (
    Export,
    check_request,
    describe,
    export_graphs,
    relative_difference,
)
from mdocr.export.precision import Precision
from mdocr.export.tracing import FREE, trace
from mdocr.models.mdiff4str import MaskedDiffusionDecoder, MDiff4STR
from mdocr.preprocessing.mdiff4str import BUCKETS
from mdocr.weights import cache, configuration
from mdocr.weights.mdiff4str import load_mdiff4str
from mdocr.weights.onnx_files import ENCODER, MDIFF4STR_FORMAT, STEP, read_onnx, source_of

logger = logging.getLogger(__name__)


class WordEncoderGraph(nn.Module):
    """Images [B, 3, H, W] → keys and values [B, S, heads, N, E] for every decoder layer.

    And, if the model has a CTC head, its probabilities [B, T, V] at each frame.
    """

    def __init__(self, model: MDiff4STR) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """See the class."""
        memory, ctc_logits = self.model.encode_with_ctc(images)
        pairs = self.model.decoder.project(memory)
        projected = torch.stack([part for pair in pairs for part in pair], 1)
        return projected if ctc_logits is None else (projected, ctc_logits.softmax(-1))


class WordStepGraph(nn.Module):
    """One denoising pass: tokens [B', L] of the images ``rows`` [B'] → logits [B', L, V]."""

    def __init__(self, decoder: MaskedDiffusionDecoder) -> None:
        super().__init__()
        self.decoder = decoder

    def forward(self, tokens: Tensor, rows: Tensor, projected: Tensor) -> Tensor:
        """See the class; ``projected`` is the output of ``WordEncoderGraph``."""
        parts = projected.index_select(0, rows).unbind(1)
        logits: Tensor = self.decoder(tokens, list(zip(parts[::2], parts[1::2], strict=True)))
        return logits


def export_mdiff4str(weights: Path, folder: Path, precision: Precision = "fp32") -> Export:
    """Writes the ONNX files of a word model, after comparing them with torch.

    Args:
        weights: a checkpoint, or a folder that holds one.
        folder: where to write; made if need be. Files of an earlier export are replaced.
        precision: ``fp32``; ``fp16``, half the size: matrices are stored in half precision and
            computed in single; ``int8``, a quarter: matrix products in eight bits.

    Raises:
        UsageError: no such precision.
        MissingExtraError: the packages of the extra ``export`` are not installed.
        WeightsError: the weights cannot be read, or the files cannot be written.
        ExportError: the files compute something else than torch.
    """
    check_request(precision)
    checkpoint = cache.find_weights(weights)
    model = load_mdiff4str(checkpoint)
    sizes = configuration.to_dict(model.config)
    config = describe(MDIFF4STR_FORMAT, source_of(checkpoint), precision, sizes)
    return export_graphs(graphs(model), config, folder, partial(compare, model))


def compare(model: MDiff4STR, folder: Path) -> float:
    """Runs torch and ONNX Runtime on the same random images, of every shape, and words.

    Returns:
        The largest difference of a logit or, for the CTC head, of a probability, as a share of the
        largest one.
    """
    ours = TorchWordEngine(model, torch.device("cpu"))
    theirs = OnnxWordEngine(read_onnx(folder, MDIFF4STR_FORMAT), "cpu")
    generator = torch.Generator().manual_seed(0)
    worst = 0.0
    for words, (width, height) in enumerate(BUCKETS.values(), start=1):
        images = torch.randn(words, 3, height, width, generator=generator).clamp(-1, 1)
        shape = (words, ours.length)
        tokens = torch.randint(ours.charset.mask_id, shape, generator=generator)
        expected, found = ours.encode(images), theirs.encode(images.numpy())
        logits = torch.from_numpy(found.predict(tokens.numpy(), None))
        worst = max(worst, relative_difference(logits, expected.predict(tokens, None)))
        if expected.ctc is not None:
            worst = max(worst, relative_difference(torch.from_numpy(found.ctc), expected.ctc))
    logger.info("largest difference from torch: %.1e of the largest logit", worst)
    return worst


def graphs(model: MDiff4STR) -> dict[str, Any]:
    """The ONNX graphs (``onnx.ModelProto``) of a model by the names of their files."""
    config = model.config
    heads, length = config.decoder.heads, config.decoder.max_length + 1
    head = config.encoder.dims[-1] // heads
    images = torch.zeros(2, 3, 48, 96)
    tokens, rows = torch.zeros(3, length, dtype=torch.int64), torch.tensor([0, 1, 1])
    projected = torch.zeros(2, 2 * config.decoder.layers, heads, 144, head)
    encoder = {"images": (images, {0: FREE, 2: FREE, 3: FREE})}
    step = {
        "tokens": (tokens, {0: FREE}),
        "rows": (rows, {0: FREE}),
        "projected": (projected, {0: FREE, 3: FREE}),
    }
    encoded = ["projected", "ctc"] if config.decoder.aligned else ["projected"]
    return {
        ENCODER: trace(WordEncoderGraph(model), encoder, encoded),
        STEP: trace(WordStepGraph(model.decoder), step, ["logits"]),
    }
