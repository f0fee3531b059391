"""A page model's answers to the samples of a manifest, compared with it or with each other."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from mdocr.decoding.blocks import denoise
from mdocr.decoding.requests import BlockOptions, Request
from mdocr.engines.torch_blocks import TorchBlocks
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.synthesis.manifests import Sample
from mdocr.training.agreement import similarity
from mdocr.training.documents import Preparer, open_region


def score_samples(
    model: MinerUDiffusion, preparer: Preparer, samples: Sequence[Sample], slots: int = 8
) -> dict[str, float]:
    """Mean similarity of answers and true texts, by task."""
    options = BlockOptions(
        block_length=preparer.data.block_length, max_tokens=preparer.data.max_tokens
    )
    found: dict[str, list[float]] = defaultdict(list)
    requests = (request(preparer, sample, options) for sample in samples)
    for number, text in answers(model, preparer, requests, slots):
        sample = samples[number]
        found[sample.task].append(similarity(sample.task, text, sample.text))
    return {task: sum(values) / len(values) for task, values in sorted(found.items())}


def request(preparer: Preparer, sample: Sample, options: BlockOptions) -> Request:
    """What the model is asked for a sample.

    Raises:
        InputError: its picture cannot be read.
    """
    picture = preparer.pictures.prepare(open_region(sample))
    prompt = preparer.prompts.encode(sample.task, picture.tokens)
    return Request(prompt, options, preparer.prompts.stop_ids, picture)


def answers(
    model: MinerUDiffusion, preparer: Preparer, requests: Iterator[Request], slots: int
) -> Iterator[tuple[int, str]]:
    """Texts of requests with their numbers, in the order in which they end."""
    predict = TorchBlocks(model, slots)
    for number, made in denoise(predict, requests, model.config.mask_token_id, slots):
        yield number, preparer.prompts.decode(made.tokens)
