"""Training of the recognizer: MDiff4STR's losses on noised words (sections 3.2 to 3.4)."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mdocr.errors import InputError, UsageError
from mdocr.evaluation.metrics import rapidfuzz
from mdocr.evaluation.words import make_reader, score_collection
from mdocr.inputs.labelled import Collection, open_collection
from mdocr.models.charset import ENGLISH
from mdocr.models.mdiff4str import MDiff4STR, Projected
from mdocr.training import losses
from mdocr.training.batches import WordBatch, WordBatches, prefetched
from mdocr.training.checkpoint import model_weights
from mdocr.training.config import RecognizerConfig, RecognizerModelConfig
from mdocr.training.imitation import Imitation
from mdocr.training.loop import train
from mdocr.training.processes import Processes, mean_over_processes
from mdocr.training.recognizer import noising
from mdocr.training.recognizer.noising import Words
from mdocr.training.recognizer.sources import Labels, open_source
from mdocr.training.shrinking import with_encoder
from mdocr.weights.mdiff4str import load_mdiff4str, save_mdiff4str
from mdocr.weights.resolve import resolve


def train_recognizer(config: RecognizerConfig, processes: Processes, resume: bool) -> Path:
    """Trains a recognizer; returns the exported model.

    Args:
        config: the run.
        processes: this process and its peers.
        resume: resume from the checkpoint in the output folder.

    Raises:
        MdocrError: raised by ``loop.train``, sources or weights.
    """
    torch.manual_seed(config.run.seed)
    task = RecognizerTask(config, processes)
    return train(task, config.run, config.optimizer, processes, resume)


class RecognizerTask:
    """Batches, loss, scores and export of a recognizer run."""

    def __init__(self, config: RecognizerConfig, processes: Processes) -> None:
        self.config, self.processes = config, processes
        self.model = _make_model(config.model)
        self.module = RecognizerLoss(self.model, config, processes)
        self._validation = _open_validation(config.data.validation)
        if self._validation:
            rapidfuzz()  # raises now rather than at the first evaluation

    def batches(self, start: int) -> Iterator[WordBatch]:
        """See ``loop.TrainingTask``."""
        run, data = self.config.run, self.config.data
        max_length = self.model.config.decoder.max_length
        labels = Labels(self.model.charset, max_length)
        rows = run.batch_size * self.processes.world
        sources = [
            (open_source(source, data, labels, rows, run.seed), source.weight)
            for source in data.sources
        ]
        dataset = WordBatches(
            sources,
            self.model.charset,
            max_length=max_length,
            batch_size=run.batch_size,
            steps=run.batches,
            seed=run.seed,
            rank=self.processes.rank,
            world=self.processes.world,
        )
        return prefetched(dataset, start, run.batches, data.workers)

    def evaluate(self, weights: dict[str, Tensor]) -> dict[str, float]:
        """Scores of validation sets: ``NAME`` by the field's protocol, ``NAME exact`` with case.

        Decoded by default: block-low-confidence, three steps.
        """
        model = MDiff4STR(self.model.config)
        model.load_state_dict(model_weights(weights))
        reader = make_reader(model, self.processes.device)
        scores: dict[str, float] = {}
        for name, collection in self._validation.items():
            found = score_collection(reader, collection)
            scores |= {name: found.accuracy, f"{name} exact": found.exact}
        return scores

    def quality(self, scores: dict[str, float]) -> float:
        """Mean accuracy over the validation sets."""
        return mean(scores[name] for name in self._validation)

    def export(self, weights: dict[str, Tensor], folder: Path, record: dict[str, Any]) -> Path:
        """Writes ``model.safetensors`` in half precision."""
        path = folder / "model.safetensors"
        if self.processes.first:
            save_mdiff4str(model_weights(weights), self.model.config, path, training=record)
        return path


class RecognizerLoss(nn.Module):
    """The model with its losses; ``forward`` returns the weighted losses by name."""

    def __init__(self, model: MDiff4STR, config: RecognizerConfig, processes: Processes) -> None:
        super().__init__()
        self.model = model
        self.settings = config.model
        self.seed = config.run.seed
        self.processes = processes
        self.imitation = _imitation_of(config.model)
        weighted = config.model.ctc_weight > 0
        self.ctc_head = None  # an aligned model has its own
        if weighted and model.letters is None:
            self.ctc_head = nn.Linear(model.encoder.dim, model.charset.outputs)

    def train(self, mode: bool = True) -> "RecognizerLoss":
        """Training mode; frozen batch norms stay in evaluation mode."""
        super().train(mode)
        if self.settings.freeze_batch_norm:
            for module in self.modules():
                if isinstance(module, nn.BatchNorm2d | nn.SyncBatchNorm):
                    module.eval()
        return self

    def forward(self, batch: WordBatch, step: int) -> dict[str, Tensor]:
        """Losses of a batch; noise is a function of the run's seed and ``step``."""
        device = self.processes.device
        images = batch.images.to(device, non_blocking=True)
        words = batch.words.to(device)
        memory, letters = self.model.encode_with_ctc(images)
        if self.ctc_head is not None:
            letters = self.ctc_head(self.model.encoder.grid(memory, images.shape[-1]).mean(1))
        found = self._diffusion_losses(words, self.model.decoder.project(memory), step)
        if letters is not None:
            loss = losses.ctc_loss(letters, words.labels, words.lengths)
            found["ctc"] = self.settings.ctc_weight * loss
            if self.imitation is not None:
                known = words.labels, words.lengths
                found |= self.imitation.losses(memory, letters, images, *known)
        return found

    def _diffusion_losses(self, words: Words, projected: Projected, step: int) -> dict[str, Tensor]:
        # each process samples noise for the whole batch and takes its rows, so that the noise does
        # not depend on the number of processes
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        hidden = self._hide(words, projected, generator)
        noisy = noising.hide(words, hidden, self.model.charset)
        tokens = torch.cat([noisy, self._replace(words, generator)], dim=1)  # [B, 2·K, L]
        denoised, restored = self.model.decoder(tokens, projected).chunk(2, dim=1)
        total = mean_over_processes(words.valid.sum())
        return {
            "denoise": losses.denoising_loss(denoised, words.labels, hidden, words.lengths),
            "replace": losses.replacement_loss(restored, words.labels, words.valid, total),
        }

    def _hide(self, words: Words, projected: Projected, generator: torch.Generator) -> Tensor:
        """Masked positions [B, K, L]."""
        size, mine = self._share(words)
        draws = noising.draw(*size, generator).rows(mine.start, mine.stop)
        return noising.mask(words, draws, partial(self._confidence, words, projected))

    def _replace(self, words: Words, generator: torch.Generator) -> Tensor:
        """Words with replaced characters [B, K, L]."""
        size, mine = self._share(words)
        draws = noising.draw(*size, generator).rows(mine.start, mine.stop)
        characters = noising.draw_characters(*size, self.model.charset, generator)
        return noising.replace(words, characters[mine], draws, self.model.charset)

    def _share(self, words: Words) -> tuple[tuple[int, int, int], slice]:
        """Shape of the noise of all processes, and the rows of this one."""
        batch, length = words.labels.shape
        world, rank = self.processes.world, self.processes.rank
        return (batch * world, self.settings.copies, length), slice(
            rank * batch, (rank + 1) * batch
        )

    @torch.no_grad()
    def _confidence(self, words: Words, projected: Projected, rows: Tensor) -> Tensor:
        """Highest probability at the positions [R, L] of words ``rows`` [R], in a parallel pass."""
        tokens = torch.full_like(words.labels[rows], self.model.charset.mask_id)
        logits = self.model.decoder(tokens, [(key[rows], value[rows]) for key, value in projected])
        return functional.softmax(logits.float(), -1).amax(-1)


def _open_validation(folders: Sequence[str]) -> dict[str, Collection]:
    """Validation sets by folder name; by path where names are equal."""
    names = [Path(folder).resolve().name for folder in folders]
    return {
        name if names.count(name) == 1 else folder: open_collection("", Path(folder))
        for name, folder in zip(names, folders, strict=True)
    }


def _make_model(config: RecognizerModelConfig) -> MDiff4STR:
    if config.start:
        model = _load(config.start).requires_grad_(True)
        return with_encoder(model, config.encoder_sizes) if config.encoder_sizes else model
    symbols = _read_charset(Path(config.charset)) if config.charset else ENGLISH
    if config.use_space_char and " " not in symbols:
        symbols += " "
    return MDiff4STR(config.architecture(symbols))


def _imitation_of(config: RecognizerModelConfig) -> Imitation | None:
    """The losses against ``config.teacher``, if it names one."""
    if not config.teacher:
        return None
    teacher = _load(config.teacher)
    if teacher.letters is None:
        raise UsageError(
            f"model.teacher {config.teacher!r} has no CTC head to be imitated",
            "Name an aligned model, such as mdiff4str-lite.",
        )

    def encode(images: Tensor) -> tuple[Tensor, Tensor]:
        memory, ctc_logits = teacher.encode_with_ctc(images)
        return memory, cast(Tensor, ctc_logits)

    return Imitation(teacher, encode, config.teacher_weight)


def _load(name: str) -> MDiff4STR:
    return load_mdiff4str(resolve(name, "recognizer").path)


CHARSET_HINT = "A charset is a UTF-8 file with one character per line."


def _read_charset(path: Path) -> str:
    """The characters of a file with one per line; a line may hold a space."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the charset {path}: {error}", CHARSET_HINT) from error
    symbols = [line.rstrip("\r") for line in lines]
    for number, symbol in enumerate(symbols, start=1):
        if len(symbol) > 1:
            raise UsageError(
                f"{path}, line {number} holds more than one character: {symbol!r}", CHARSET_HINT
            )
    if sum(map(len, symbols)) < 2:
        raise UsageError(f"the charset {path} holds fewer than two characters", CHARSET_HINT)
    return "".join(symbols)
