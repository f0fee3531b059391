"""The page model in a reader's hand: pictures and prompts in, texts out.

Loading and prompts, pictures and decoding meet here; each is told in its own module.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from numbers import Integral
from pathlib import Path
from typing import Any, Protocol, TypeVar

from PIL import Image

from mdocr.decoding.blocks import denoise
from mdocr.preprocessing.prompts import LineTokenizer, Prompt, PromptTokenizer
from mdocr.decoding.requests import BlockOptions, Generation, Predict, Request
from mdocr.document.model import Document
from mdocr.engines import SINGLE, PageEngine, check_onnx_dtype
from mdocr.engines.exported import exported_on_cpu, open_exported
from mdocr.engines.memory import is_memory_error
from mdocr.errors import MdocrError, OutOfMemoryError, UsageError, WeightsError
from mdocr.inputs.find import open_picture
from mdocr.preprocessing.formula_notation import to_latex
from mdocr.models.mineru_diffusion_config import FORMULA_PROMPTS, LineReaderConfig, MinerUDiffusionConfig
from mdocr.preprocessing.mineru_diffusion import PictureConfig
from mdocr.preprocessing.line_reader import LinePictureConfig
from mdocr.options import ENGINES, INT8, PAGE_DTYPES, ParseOptions
from mdocr.weights import onnx_files
from mdocr.weights.onnx_files import LINES, PAGES
from mdocr.weights.page_folders import is_line_reader
from mdocr.weights.registry import ResolvedModel, resolve

logger = logging.getLogger(__name__)

Picture = Image.Image | Path | str
Value = TypeVar("Value")

FEW_PAGES = 1
"""So many pages are read by ONNX Runtime before torch has started and read them."""


class Speller(Protocol):
    """Turns tokens into text."""

    def decode(self, tokens: Iterable[int]) -> str:
        """The text."""


class PageModel(Protocol):
    """What pages are read with: a model at hand (``Parser``), or behind a server."""

    @property
    def name(self) -> str:
        """Of the model, for results."""

    @property
    def reads_lines(self) -> bool:
        """Whether it reads single lines, and must be told where they are."""

    @property
    def reads_formulas(self) -> bool:
        """Whether it knows the task "formula"."""

    @property
    def tokenizer(self) -> Speller:
        """Spells tokens."""

    def request(self, image: Image.Image, prompt: str, options: BlockOptions) -> Request:
        """Prepares one picture and its prompt."""

    def denoise(
        self, requests: Iterator[Request], batch_size: int
    ) -> Iterator[tuple[int, Generation | MdocrError]]:
        """Texts of requests, or why there is none, drawn when there is room, as they end.

        Raises:
            OutOfMemoryError: there is not room for so many texts.
        """

    def slots(self, max_tokens: int) -> int:
        """Texts of so many tokens that there is room for at the same time."""


class Parser:
    """Reads pictures of pages and regions.

    Args:
        engine: the model, on its device.
        tokenizer: prompts and texts.
        pictures: how pictures are prepared.
        name: name of the model, for results.
    """

    def __init__(
        self,
        engine: PageEngine,
        tokenizer: PromptTokenizer | LineTokenizer,
        pictures: PictureConfig | LinePictureConfig,
        name: str,
    ) -> None:
        self.engine = engine
        self.tokenizer = tokenizer
        self.pictures = pictures
        self.name = name
        self.reads_lines = isinstance(engine.config, LineReaderConfig)
        self.reads_formulas = engine.config.reads_formulas

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
    ) -> list[Generation]:
        """Generates a text for every picture.

        Args:
            images: pictures or paths; None where a prompt needs none.
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
            batch_size: texts in work at the same time; as many as the device can hold if None.

        Raises:
            UsageError: an option or a prompt makes no sense.
            InputError: a picture cannot be read.
            OutOfMemoryError: the device is out of memory.
        """
        images = [images] if isinstance(images, Picture) else images
        base = BlockOptions(
            block_length=block_length,
            steps=steps,
            max_tokens=max_tokens,
            temperature=temperature,
            seed=seed,
            revise=revise,
        )
        options = [
            replace(base, threshold=value) for value in _each_threshold(threshold, len(images))
        ]
        stops = self.tokenizer.stop_ids if stop_ids is None else frozenset(stop_ids)
        asked = _each_prompt(prompts, len(images))
        requests = (
            self.request(image, prompt, option, stops)
            for image, prompt, option in zip(images, asked, options, strict=True)
        )
        slots = min(self.slots(max_tokens), max(1, len(images)))
        made = dict(self.denoise(requests, batch_size or slots))
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
    ) -> Request:
        """Prepares one picture and its prompt."""
        picture = None if image is None else self.pictures.prepare(open_picture(image), prompt)
        ids = self.tokenizer.encode(prompt, 0 if picture is None else picture.tokens)
        stops = self.tokenizer.stop_ids if stop_ids is None else stop_ids
        return Request(ids, options, stops, picture)

    def denoise(
        self, requests: Iterator[Request], batch_size: int
    ) -> Iterator[tuple[int, Generation]]:
        """Texts of requests, with their numbers, in the order in which they end.

        Requests may be made on the way: they are drawn when there is room for them.
        """
        with memory_errors():
            predict = self.predictor(batch_size)
            mask_id = self.engine.config.mask_token_id
            for number, made in denoise(predict, requests, mask_id, batch_size):
                yield number, replace(made, text=self.tokenizer.decode(made.tokens))

    def predictor(self, slots: int) -> Predict:
        """What the decoder calls, for so many texts at a time."""
        return self.engine.blocks(slots)

    def parse(
        self, path: str | Path, options: ParseOptions | None = None, **changes: Any
    ) -> Document:
        """Reads a document: a PDF, or a picture of a page.

        Pictures in it are named by their blocks, but not kept; ``mdocr.parsing.read_documents``
        hands them out.

        Args:
            path: the document.
            options: how to read; the defaults if left out.
            **changes: single options by name, such as ``pages`` and ``threshold``.

        Returns:
            Its pages; those that could not be read are named in ``failures``.

        Raises:
            InputError: the file is missing, damaged, locked, or of another kind.
            UsageError: an option makes no sense, or there is no such page.
        """
        from mdocr.parsing import parse  # it is above this file

        return parse(self, path, replace(options or ParseOptions(), **changes))

    def slots(self, max_tokens: int) -> int:
        """Texts of so many tokens, and a picture each, that there is room for at the same time."""
        return self.engine.slots(max_tokens + self.pictures.most_tokens)


def load_parser(
    model: str | Path = "auto",
    device: str = "auto",
    dtype: str = "auto",
    engine: str = "auto",
    *,
    cuda_graphs: bool = False,
    pages: int | None = None,
) -> Parser:
    """Loads a page model.

    Args:
        model: "auto" (the best that is installed), a name (downloaded on first use), or a folder of
            the released layout.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        dtype: "float32", "bfloat16", "float16", "int8" (matrices in eight bits, all else as
            "auto": ``mdocr.models.linear``), or "auto" for that of the weights.
        engine: "torch"; "onnx", for which a model is exported when first used; or "auto": onnx for
            exported files, and on a CPU for few ``pages``; else torch.
        cuda_graphs: record block steps and replay them (``mdocr.engines.cuda_graphs``); for torch
            on CUDA.
        pages: how many are to be read, if that is known: up to ``FEW_PAGES`` of them ``auto`` reads
            by an exported line reader that is at hand.

    Raises:
        WeightsError: the weights are missing, damaged, or of another model.
        DeviceError: the device is absent or out of memory.
        UsageError: an argument makes no sense.
    """
    check_place(model, device, dtype, engine)
    found = find_parser(model)
    folder = found.path if found.path.is_dir() else found.path.parent
    if engine == "onnx" or (engine == "auto" and onnx_files.is_onnx(folder)):
        check_onnx_dtype(dtype)
        return _exported_parser(folder, found.name, device)
    few = pages is not None and pages <= FEW_PAGES
    if engine == "auto" and dtype in SINGLE and few and not cuda_graphs and is_line_reader(folder):
        parser = _parser_at_hand(folder, found.name, device)
        if parser is not None:
            return parser
    return _torch_parser(folder, found.name, device, dtype, cuda_graphs)


def _torch_parser(folder: Path, name: str, device: str, dtype: str, cuda_graphs: bool) -> Parser:
    from mdocr.engines.device import choose_device
    from mdocr.engines.torch_pages import load_page_engine

    place = choose_device(device)
    if cuda_graphs and place.type != "cuda":
        raise UsageError(f"there are no CUDA graphs on {place}", "Leave out --cuda-graphs.")
    with memory_errors():
        engine = load_page_engine(folder, place, dtype, cuda_graphs)
    logger.info("loaded %s on %s as %s", name, place, dtype)
    return Parser(engine, *_prompts(folder, engine.config), name)


def _prompts(
    folder: Path, config: LineReaderConfig | MinerUDiffusionConfig
) -> tuple[PromptTokenizer | LineTokenizer, PictureConfig | LinePictureConfig]:
    """What makes prompts and pictures for a model, from the files beside it."""
    if isinstance(config, LineReaderConfig):
        return LineTokenizer(config), LinePictureConfig()
    tokenizer = PromptTokenizer(folder / onnx_files.TOKENIZER, config.image_token_id)
    return tokenizer, PictureConfig.read(folder / onnx_files.PICTURES)


def check_place(model: str | Path, device: str, dtype: str, engine: str) -> None:
    """Finds errors in what ``load_parser`` takes, before a download in vain.

    Raises:
        DeviceError: the device is absent.
        UsageError: an argument makes no sense.
    """
    if dtype not in PAGE_DTYPES:
        raise UsageError(f"unknown dtype {dtype!r}", f"Choose one of: {', '.join(PAGE_DTYPES)}")
    if engine not in ENGINES:
        raise UsageError(f"unknown engine {engine!r}", f"Choose one of: {', '.join(ENGINES)}")
    exported = engine == "auto" and onnx_files.is_onnx(Path(model).expanduser())
    if engine == "onnx" or exported:
        from mdocr.engines.onnx_sessions import candidates

        check_onnx_dtype(dtype)
        candidates(device)
    elif device not in ("auto", "cpu"):
        from mdocr.engines.device import choose_device

        if choose_device(device).type == "mps" and dtype == INT8:
            raise UsageError("int8 runs on the CPU and on CUDA only", "Use --dtype float16.")


def _exported_parser(folder: Path, name: str, device: str) -> Parser:
    from mdocr.engines.onnx_line_reader import OnnxLineEngine
    from mdocr.engines.onnx_mineru_diffusion import OnnxPageEngine

    exported = onnx_files.is_onnx(folder)
    large = onnx_files.is_page_model(folder) if exported else not is_line_reader(folder)
    kind, form = (OnnxPageEngine, PAGES) if large else (OnnxLineEngine, LINES)
    with memory_errors():
        engine: OnnxPageEngine | OnnxLineEngine = open_exported(
            folder, form, lambda files: kind(files, device), _export
        )
    return Parser(engine, *_prompts(engine.files.folder, engine.config), name)


def _parser_at_hand(folder: Path, name: str, device: str) -> Parser | None:
    """The parser of files that are exported already, if nothing faster is there."""
    from mdocr.engines.onnx_line_reader import OnnxLineEngine

    with memory_errors():
        engine = exported_on_cpu(folder, LINES, device, lambda files: OnnxLineEngine(files, "cpu"))
    return Parser(engine, *_prompts(folder, engine.config), name) if engine else None


def _export(weights: Path, folder: Path) -> None:
    from mdocr.export import export_document_model, export_line_reader

    if is_line_reader(weights):
        export_line_reader(weights, folder)
    else:
        export_document_model(weights, folder, "fp16")  # what bfloat16 keeps, in half the room


def parse(
    path: str | Path,
    model: str | Path = "auto",
    device: str = "auto",
    dtype: str = "auto",
    engine: str = "auto",
    **options: Any,
) -> Document:
    """Loads a page model and reads a document: ``load_parser``, then ``Parser.parse``."""
    return load_parser(model, device, dtype, engine).parse(path, **options)


def find_parser(model: str | Path) -> ResolvedModel:
    """Name and place of a page model; a named one is downloaded if it is not there.

    Raises:
        WeightsError: there is no such model, or none at all.
    """
    try:
        return resolve(str(model), "parser")
    except WeightsError as error:
        if str(model) not in ("auto", "lite", "mineru-diffusion-lite"):
            raise
        raise WeightsError(
            error.message,
            "Get the page model with: mdocr models download mineru-diffusion; "
            "or give a folder with: --model FOLDER",
        ) from error


@contextmanager
def memory_errors() -> Iterator[None]:
    """Turns a device's lack of memory into an ``OutOfMemoryError``."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_memory_error(error):
            raise
        reason = (str(error).splitlines() or ["no memory"])[0]
        raise OutOfMemoryError(
            f"the device is out of memory: {reason}",
            "Choose a smaller batch size, fewer tokens, or another device.",
        ) from error


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


def _counted(values: list[Value], count: int, what: str) -> list[Value]:
    if len(values) != count:
        raise UsageError(
            f"{len(values)} {what} for {count} pictures", "Give one for all, or one each."
        )
    return values
