"""A model's answers to the samples of a manifest."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence

from mdocr.decoding.blocks import denoise
from mdocr.decoding.requests import BlockOptions, Request
from mdocr.engines.torch_blocks import TorchBlocks
from mdocr.errors import InputError
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.synthesis.pages.manifests import ManifestSample
from mdocr.training.mineru_diffusion.agreement import similarity
from mdocr.training.mineru_diffusion.samples import Preparer, open_region

logger = logging.getLogger(__name__)


def score_samples(
    model: MinerUDiffusion,
    preparer: Preparer,
    samples: Sequence[ManifestSample],
    batch_size: int = 8,
) -> dict[str, float]:
    """Mean similarity of answers and ground truth, by task.

    A sample whose image cannot be read is skipped with a warning.
    """
    options = BlockOptions(
        block_length=preparer.data.block_length, max_tokens=preparer.data.max_tokens
    )
    found: dict[str, list[float]] = defaultdict(list)
    asked: list[ManifestSample] = []
    requests = _readable(preparer, samples, options, asked)
    for number, text in answers(model, preparer, requests, batch_size):
        sample = asked[number]
        found[sample.task].append(similarity(sample.task, text, sample.text))
    return {task: sum(values) / len(values) for task, values in sorted(found.items())}


def _readable(
    preparer: Preparer,
    samples: Sequence[ManifestSample],
    options: BlockOptions,
    asked: list[ManifestSample],
) -> Iterator[Request]:
    """Requests for the readable samples, which are appended to ``asked``."""
    for number, sample in enumerate(samples, start=1):
        try:
            prepared = request(preparer, sample, options)
        except InputError as error:
            logger.warning("sample %d is skipped: %s", number, error.message)
            continue
        asked.append(sample)
        yield prepared


def request(preparer: Preparer, sample: ManifestSample, options: BlockOptions) -> Request:
    """The request of a sample.

    Raises:
        InputError: its image cannot be read.
    """
    picture = preparer.pictures.prepare(open_region(sample))
    prompt = preparer.prompts.encode(sample.task, picture.tokens)
    return Request(prompt, options, preparer.prompts.stop_ids, picture)


def answers(
    model: MinerUDiffusion, preparer: Preparer, requests: Iterator[Request], batch_size: int
) -> Iterator[tuple[int, str]]:
    """Yields the numbers of requests with their answers, as they finish."""
    predict = TorchBlocks(model, batch_size)
    for number, made in denoise(predict, requests, model.config.mask_token_id, batch_size):
        yield number, preparer.prompts.decode(made.tokens)
