"""Mining of hard samples for stage II: those with inconsistent answers.

Each sample is decoded several times with sampled tokens; the consistency of its answers is their
mean pairwise similarity (arXiv 2603.22458, section 3). Samples below a limit are kept; the less
consistent, the more they weigh in the loss. The paper gives no numbers; the defaults are mdocr's.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from mdocr.decoding.requests import BlockOptions, Request
from mdocr.engines.device import choose_device
from mdocr.engines.memory import memory_errors
from mdocr.errors import InputError, UsageError
from mdocr.evaluation.metrics import rapidfuzz
from mdocr.evaluation.table_trees import apted
from mdocr.files import check_folder
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.synthesis.pages.manifests import ManifestSample, read_manifest, write_manifest
from mdocr.training.mineru_diffusion.agreement import consistency
from mdocr.training.mineru_diffusion.answers import answers, request
from mdocr.training.mineru_diffusion.mining_options import MiningOptions
from mdocr.training.mineru_diffusion.samples import MinerUDiffusionDataConfig, Preparer
from mdocr.training.mineru_diffusion.trainer import find_folder
from mdocr.weights.mineru_diffusion import load_mineru_diffusion

logger = logging.getLogger(__name__)

LOG_EVERY = 50
"""Samples between log lines."""


@dataclass(frozen=True)
class Judged:
    """A sample with the consistency of its answers.

    Attributes:
        number: of the sample in its manifest, from 0.
        sample: with its consistency, and its new weight if kept.
        kept: whether stage II trains on it.
    """

    number: int
    sample: ManifestSample
    kept: bool


def mine_manifest(
    manifest: Path,
    output: Path,
    where: tuple[str, str],
    options: MiningOptions,
    lengths: tuple[int, int],
) -> list[Judged]:
    """Judges the samples of a manifest and writes the kept ones, in order, to another.

    Args:
        manifest: to read.
        output: to write.
        where: name or folder of the model, and the device.
        options: how samples are judged.
        lengths: tokens of a block, and of the longest answer.

    Raises:
        UsageError: the output cannot be written.
        MissingExtraError: rapidfuzz or apted is not installed.
        InputError: the manifest, or all of its images, cannot be read.
        WeightsError: there is no such model.
        DeviceError: the device is missing or out of memory.
    """
    _check_output(output)
    for package in (rapidfuzz, apted):
        package()  # raises now rather than after the first answers
    samples = read_manifest(manifest)
    folder = find_folder(where[0])
    device = choose_device(where[1])
    model = load_mineru_diffusion(folder, device, None if device.type == "cuda" else torch.float32)
    data = MinerUDiffusionDataConfig(
        (str(manifest),), block_length=lengths[0], max_tokens=lengths[1]
    )
    preparer = Preparer(folder, model.config, data)
    found = []
    with memory_errors():
        for each in judge_samples(model, preparer, samples, options):
            found.append(each)
            if len(found) % LOG_EVERY == 0:
                logger.info("%d of %d samples read", len(found), len(samples))
    if not found:
        raise InputError(
            f"no image of {manifest} can be read", "Paths in a manifest are relative to its folder."
        )
    found.sort(key=lambda each: each.number)
    write_manifest((each.sample for each in found if each.kept), output)
    return found


def _check_output(output: Path) -> None:
    """Raises before hours of decoding."""
    if output.is_dir():
        raise UsageError(f"{output} is a folder", "Name the manifest to write, a file.")
    check_folder(output.parent)


def judge_samples(
    model: MinerUDiffusion,
    preparer: Preparer,
    samples: Sequence[ManifestSample],
    options: MiningOptions,
) -> Iterator[Judged]:
    """Decodes every sample several times; yields each once all its answers are complete.

    A sample whose image cannot be read is skipped with a warning.

    Raises:
        MissingExtraError: apted is not installed.
    """
    asked: list[int] = []
    found: dict[int, list[str]] = defaultdict(list)
    requests = _requests(preparer, samples, options, asked)
    for number, text in answers(model, preparer, requests, options.batch_size):
        own = asked[number]
        found[own].append(text)
        if len(found[own]) == options.answers:
            yield judged(own, samples[own], found.pop(own), options)


def judged(
    number: int, sample: ManifestSample, texts: Sequence[str], options: MiningOptions
) -> Judged:
    """Judges a sample by its answers."""
    agreement = consistency(sample.task, texts)
    kept = agreement < options.keep_below
    weight = 1 + options.extra_weight * (1 - agreement) if kept else sample.weight
    return Judged(number, replace(sample, weight=weight, consistency=agreement), kept)


def _requests(
    preparer: Preparer, samples: Sequence[ManifestSample], options: MiningOptions, asked: list[int]
) -> Iterator[Request]:
    """Several requests per sample, whose number is appended to ``asked`` for each.

    Sampling depends on the seed and the number of a request, so the answers of a sample differ.
    """
    settings = BlockOptions(
        threshold=options.threshold,
        block_length=preparer.data.block_length,
        max_tokens=preparer.data.max_tokens,
        temperature=options.temperature,
        seed=options.seed,
    )
    for number, sample in enumerate(samples):
        try:
            prepared = request(preparer, sample, settings)
        except InputError as error:
            logger.warning("sample %d is skipped: %s", number + 1, error.message)
            continue
        for _ in range(options.answers):
            asked.append(number)
            yield prepared


def summary(found: Sequence[Judged]) -> list[tuple[str, int, int, float]]:
    """For each task: name, judged samples, kept samples, mean consistency."""
    tasks: dict[str, list[Judged]] = defaultdict(list)
    for each in found:
        tasks[each.sample.task].append(each)
    return [
        (
            task,
            len(members),
            sum(member.kept for member in members),
            sum(member.sample.consistency or 0.0 for member in members) / len(members),
        )
        for task, members in sorted(tasks.items())
    ]
