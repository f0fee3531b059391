"""The page model in a program's hand: documents, or pictures and prompts, in; texts out."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Literal, TypeVar, cast, overload

from typing_extensions import Unpack

from mdocr.decoding.blocks import Watch, denoise
from mdocr.decoding.requests import BlockOptions, Generation, Predict, Request, TokenDraft
from mdocr.decoding.verification import started
from mdocr.document.model import Block
from mdocr.engines.memory import memory_errors
from mdocr.engines.protocols import LineEngine, PageEngine
from mdocr.errors import UsageError
from mdocr.inputs.pages import DocumentInput
from mdocr.inputs.pictures import Picture, is_picture, open_picture
from mdocr.models.charset import Charset
from mdocr.models.line_reader_config import FORMULA_PROMPTS, LineReaderConfig
from mdocr.options import ParseChanges, ParseOptions, changed
from mdocr.parsing.line_reader.drafting import EncodedRequests
from mdocr.parsing.pipeline import parse as parse_document
from mdocr.parsing.regions import read_layout, read_region
from mdocr.preprocessing.formula_notation import to_latex
from mdocr.preprocessing.line_reader import LineReaderProcessor
from mdocr.preprocessing.mineru_diffusion import MinerUDiffusionProcessor
from mdocr.preprocessing.prompts import Prompt
from mdocr.preprocessing.tokenizers import LineReaderTokenizer, MinerUDiffusionTokenizer
from mdocr.render import Document

logger = logging.getLogger(__name__)

ENCODED = 16
"""Lines of similar width that are encoded together."""

Value = TypeVar("Value")
Draft = str | Sequence[int]
"""A text, or its token ids."""
_Pictures = Sequence[Picture | None]


class Parser:
    """Reads pictures of pages and regions.

    Args:
        engine: the model, on its device.
        tokenizer: prompts and texts.
        pictures: how pictures are prepared.
        name: name of the model, for results.
        load_lite: loads the lite model, for drafts and layouts.

    Attributes:
        watch: called with the texts in flight, pass by pass; see ``mdocr.decoding.blocks.denoise``.
    """

    def __init__(
        self,
        engine: PageEngine,
        tokenizer: MinerUDiffusionTokenizer | LineReaderTokenizer,
        pictures: MinerUDiffusionProcessor | LineReaderProcessor,
        name: str,
        load_lite: "Callable[[], Parser] | None" = None,
    ) -> None:
        self.load_lite = load_lite
        self.watch: Watch | None = None
        self.engine = engine
        self.tokenizer = tokenizer
        self.pictures = pictures
        self.name = name
        self.reads_lines = isinstance(engine.config, LineReaderConfig)
        self.reads_formulas = engine.config.reads_formulas
        self.verifies_drafts = not self.reads_lines and engine.verifies_drafts
        self.block_length = engine.config.block_size

    @property
    def is_slow(self) -> bool:
        """Whether the lite model reads a page in a fraction of its time: on a CPU."""
        return not self.reads_lines and str(self.engine.device) == "cpu"

    def lite(self) -> "Parser":
        """The lite model; itself, where it is that."""
        return self.load_lite() if self.load_lite and not self.reads_lines else self

    @property
    def charset(self) -> Charset:
        """The characters of a reader of lines."""
        return cast(LineReaderConfig, self.engine.config).charset

    def generate(
        self,
        images: Picture | Sequence[Picture | None],
        prompts: Prompt | Sequence[Prompt],
        *,
        threshold: float | Sequence[float] = BlockOptions.threshold,
        block_length: int = BlockOptions.block_length,
        steps: int | None = BlockOptions.steps,
        max_tokens: int = BlockOptions.max_tokens,
        temperature: float = BlockOptions.temperature,
        seed: int = BlockOptions.seed,
        revise: bool = BlockOptions.revise,
        stop_ids: Sequence[int] | None = None,
        batch_size: int | None = None,
        drafts: Sequence[Draft | None] | None = None,
        acceptance: float = 1.0,
    ) -> list[Generation]:
        """Generates a text for every picture.

        Args:
            images: see ``mdocr.inputs.pictures.Picture``; None where a prompt needs none.
            prompts: one for all pictures, or one each: a task ("text", "table", "formula",
                "equation", "layout"), another text, or token ids that are used as they are.
            threshold: confidence above which a token is committed; one for all, or one each.
            block_length: tokens that are denoised together; 1 is autoregressive decoding.
            steps: passes in which a block is complete at the latest; ``block_length`` if None.
            max_tokens: longest text, in tokens.
            temperature: 0 takes the likeliest tokens and is reproducible.
            seed: seed of the draws, if the temperature is above 0.
            revise: a step that finds too few masked tokens decides committed ones anew, as the
                released code does; matters only if ``steps`` is less than ``block_length``.
            stop_ids: tokens before which a text ends; those of the tokenizer if None.
            batch_size: concurrent sequences; as many as the device can hold if None.
            drafts: what each text is expected to be, as a text or as token ids, to be verified
                instead of generated (``mdocr.decoding.verification``); None where that is unknown.
            acceptance: a token of a draft that is the likeliest in its place is committed from
                this probability on; at the threshold or above it, texts are as without drafts.

        Raises:
            UsageError: an option or a prompt makes no sense, or the model verifies no drafts.
            InputError: a picture cannot be read.
            OutOfMemoryError: the device is out of memory.
        """
        images = [cast(Picture, images)] if is_picture(images) else cast(_Pictures, images)
        base = BlockOptions(
            block_length=block_length,
            steps=steps,
            max_tokens=max_tokens,
            temperature=temperature,
            seed=seed,
            revise=revise,
            acceptance=acceptance,
        )
        options = [
            replace(base, threshold=value) for value in _each_threshold(threshold, len(images))
        ]
        stops = self.tokenizer.stop_ids if stop_ids is None else frozenset(stop_ids)
        asked = _each_prompt(prompts, len(images))
        known = (
            [None] * len(images)
            if drafts is None
            else _counted(list(drafts), len(images), "drafts")
        )
        requests = (
            self.request(image, prompt, option, stops, draft=draft)
            for image, prompt, option, draft in zip(images, asked, options, known, strict=True)
        )
        fitting = min(self.batch_size(max_tokens), max(1, len(images)))
        made = dict(self.denoise(requests, batch_size or fitting))
        return [self._in_latex(made[number], prompt) for number, prompt in enumerate(asked)]

    def _in_latex(self, made: Generation, prompt: Prompt) -> Generation:
        """A formula that the line reader wrote in its notation, as LaTeX."""
        if self.reads_lines and prompt in FORMULA_PROMPTS:
            return replace(made, text=to_latex(made.text))
        return made

    def request(
        self,
        image: Picture | None,
        prompt: Prompt,
        options: BlockOptions,
        stop_ids: frozenset[int] | None = None,
        *,
        draft: Draft | None = None,
    ) -> Request:
        """Prepares one picture and its prompt.

        Args:
            image: None where the prompt needs none.
            prompt: see ``generate``.
            options: how to denoise it.
            stop_ids: tokens that end the text; those of the tokenizer if None.
            draft: what the text is expected to be, as a text or as token ids, to be verified.

        Raises:
            UsageError: the prompt makes no sense, or the model verifies no drafts.
            InputError: the picture cannot be read.
        """
        picture = None if image is None else self.pictures.prepare(open_picture(image), prompt)
        ids = self.tokenizer.encode(prompt, 0 if picture is None else picture.tokens)
        stops = self.tokenizer.stop_ids if stop_ids is None else stop_ids
        return Request(ids, options, stops, picture, self._draft_of(draft))

    def _draft_of(self, draft: Draft | None) -> TokenDraft:
        """A draft as tokens; none of them is sure."""
        if draft is None:
            return TokenDraft()
        if not self.verifies_drafts or isinstance(self.tokenizer, LineReaderTokenizer):
            raise UsageError(
                f"{self.name} verifies no drafts here",
                "MinerU-Diffusion does, with: engine='torch'",
            )
        if isinstance(draft, str):
            draft = self.tokenizer.tokens_of(draft)
        tokens = tuple(map(int, draft))
        return TokenDraft(tokens, (0.0,) * len(tokens))

    def denoise(
        self, requests: Iterator[Request], batch_size: int
    ) -> Iterator[tuple[int, Generation]]:
        """Texts of requests, with their numbers, in the order in which they end.

        Requests may be made on the way: they are drawn when there is room for them.
        """
        with memory_errors():
            predict = self.predictor(batch_size)
            mask_id = self.engine.config.mask_token_id
            if self.reads_lines:
                engine, decode = cast(LineEngine, self.engine), self.tokenizer.decode
                requests = EncodedRequests(requests, engine, decode, batch_size)
            start = started if self.verifies_drafts else None
            texts = denoise(predict, requests, mask_id, batch_size, start, self.watch)
            for number, made in texts:
                yield number, replace(made, text=self.tokenizer.decode(made.tokens))

    def predictor(self, batch_size: int) -> Predict:
        """What the decoder calls, for so many texts at a time."""
        return self.engine.blocks(batch_size)

    def encoded(self, requests: Sequence[Request]) -> list[Request]:
        """The same requests with their pictures encoded, which ``denoise`` does not do again.

        Of a reader of lines only. What the CTC head says of a line tells how well a text fits it.
        """
        engine = cast(LineEngine, self.engine)
        order = sorted(range(len(requests)), key=lambda number: requests[number].picture.tokens)
        found: dict[int, Request] = {}
        with memory_errors():
            for start in range(0, len(order), ENCODED):
                numbers = order[start : start + ENCODED]
                lines = engine.encode_lines([requests[number].picture for number in numbers])
                for number, line in zip(numbers, lines, strict=True):
                    found[number] = replace(requests[number], picture=line)
        return [found[number] for number in range(len(requests))]

    def parse(
        self,
        source: DocumentInput,
        options: ParseOptions | None = None,
        **changes: Unpack[ParseChanges],
    ) -> Document:
        """Reads a document: a PDF, or pictures of pages.

        Args:
            source: a path, a PIL picture, an array, the bytes of a file, a binary stream, or a list
                of page pictures.
            options: how to read; the defaults if left out.
            **changes: single options by name, such as ``pages`` and ``threshold``.

        Returns:
            Its pages and their pictures; pages that could not be read are in ``failures``.

        Raises:
            InputError: the file is missing, damaged, locked, or of another kind.
            UsageError: an option makes no sense, or there is no such page.
        """
        return parse_document(self, source, changed(options or ParseOptions(), changes))

    @overload
    def read(
        self, picture: Picture, task: Literal["layout"], **changes: Unpack[ParseChanges]
    ) -> list[Block]: ...

    @overload
    def read(
        self,
        picture: Picture,
        task: Literal["text", "table", "formula"] = "text",
        **changes: Unpack[ParseChanges],
    ) -> Block: ...

    def read(
        self, picture: Picture, task: str = "text", **changes: Unpack[ParseChanges]
    ) -> Block | list[Block]:
        """Reads the picture of one region.

        Args:
            picture: of a text, a table or a formula, and of nothing else; or of a page.
            task: ``text``, ``table`` (HTML), ``formula`` (LaTeX), or ``layout``: the regions of a
                page.
            **changes: single options by name, such as ``threshold``.

        Returns:
            What was read, in ``content``; for a layout the regions, without content. Where no table
            is found, the text instead, as ``type`` tells. What is missing of it is logged.

        Raises:
            InputError: the picture cannot be read.
            UsageError: there is no such task or option, or the model does not know the task.
        """
        options = changed(ParseOptions(), changes)
        is_layout = task == "layout"
        reading = (
            read_layout(self, picture, options)
            if is_layout
            else read_region(self, picture, task, options)
        )
        for failure in reading.failures:
            logger.warning("%s", failure)
        return list(reading.blocks) if is_layout else reading.blocks[0]

    def __repr__(self) -> str:
        return f"<Parser {self.name!r}>"

    def batch_size(self, max_tokens: int) -> int:
        """Texts of so many tokens, and a picture each, that there is room for at the same time."""
        return self.engine.batch_size(max_tokens + self.pictures.max_tokens)


def _each_prompt(prompts: Prompt | Sequence[Prompt], count: int) -> list[Prompt]:
    """One prompt a picture, from one for all or one each."""
    if isinstance(prompts, str):
        return [prompts] * count
    ids = [int(part) for part in prompts if isinstance(part, Integral)]
    if ids:
        return [ids] * count
    each: list[Prompt] = [part for part in prompts if not isinstance(part, int)]
    return _counted(each, count, "prompts")


def _each_threshold(threshold: float | Sequence[float], count: int) -> list[float]:
    if isinstance(threshold, (int, float)):
        return [float(threshold)] * count
    return _counted(list(threshold), count, "thresholds")


def _counted(values: Sequence[Value], count: int, what: str) -> list[Value]:
    if len(values) != count:
        raise UsageError(
            f"{len(values)} {what} for {count} pictures", "Give one for all, or one each."
        )
    return list(values)
