"""Hard samples for stage II: those to which a model gives a different answer each time.

Each sample is decoded several times with tokens that are drawn; the consistency of the answers is
the mean similarity of all pairs (arXiv 2603.22458, section 3). What is below a limit is kept, and
weighs more in the loss the less consistent it is. The paper gives no numbers; the defaults here are
mdocr's own.
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
"""Samples between two lines of the log."""


@dataclass(frozen=True)
class Judged:
    """A sample and how consistent the answers to it were.

    Attributes:
        number: of the sample in its manifest, from 0.
        sample: with its consistency; with its new weight if it is kept.
        kept: whether stage II learns from it.
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
    """Judges the samples of a manifest and writes the kept ones, in their order, as another.

    Args:
        manifest: what to read.
        output: what to write.
        where: name or folder of the model, and the device.
        options: how samples are judged.
        lengths: tokens denoised together, and of the longest answer.

    Raises:
        UsageError: the output cannot be written.
        MissingExtraError: what compares tables or texts is not installed.
        InputError: the manifest cannot be read, or none of its pictures.
        WeightsError: there is no such model.
        DeviceError: the device is absent or out of memory.
    """
    _check_output(output)
    for package in (rapidfuzz, apted):
        package()  # not found missing when the first answers are there
    samples = read_manifest(manifest)
    folder = find_folder(where[0])
    place = choose_device(where[1])
    model = load_mineru_diffusion(folder, place, None if place.type == "cuda" else torch.float32)
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
            f"no picture of {manifest} can be read", "Paths in a manifest start at its own folder."
        )
    found.sort(key=lambda each: each.number)
    write_manifest((each.sample for each in found if each.kept), output)
    return found


def _check_output(output: Path) -> None:
    """Before samples are read for hours."""
    if output.is_dir():
        raise UsageError(f"{output} is a folder", "Name the manifest to write, a file.")
    check_folder(output.parent)


def judge_samples(
    model: MinerUDiffusion,
    preparer: Preparer,
    samples: Sequence[ManifestSample],
    options: MiningOptions,
) -> Iterator[Judged]:
    """Decodes every sample several times; yields each as soon as all its answers are there.

    A sample whose picture cannot be read is left out, and a warning names it.

    Raises:
        MissingExtraError: what compares tables is not installed.
    """
    asked: list[int] = []
    found: dict[int, list[str]] = defaultdict(list)
    requests = _requests(preparer, samples, options, asked)
    for number, text in answers(model, preparer, requests, options.batch_size):
        place = asked[number]
        found[place].append(text)
        if len(found[place]) == options.answers:
            yield judged(place, samples[place], found.pop(place), options)


def judged(
    number: int, sample: ManifestSample, texts: Sequence[str], options: MiningOptions
) -> Judged:
    """A sample and what follows from the answers to it."""
    agreement = consistency(sample.task, texts)
    kept = agreement < options.keep_below
    weight = 1 + options.extra_weight * (1 - agreement) if kept else sample.weight
    return Judged(number, replace(sample, weight=weight, consistency=agreement), kept)


def _requests(
    preparer: Preparer, samples: Sequence[ManifestSample], options: MiningOptions, asked: list[int]
) -> Iterator[Request]:
    """Several requests for each sample, whose numbers are added to ``asked``.

    The draws of a request are of the seed and its own number, so those of a sample differ.
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
            logger.warning("sample %d is left out: %s", number + 1, error.message)
            continue
        for _ in range(options.answers):
            asked.append(number)
            yield prepared


def summary(found: Sequence[Judged]) -> list[tuple[str, int, int, float]]:
    """For each task: its name, how many samples were judged and kept, their mean consistency."""
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
