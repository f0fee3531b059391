"""Single pictures of regions: a text, a table or a formula, or the layout of a page.

MinerU-Diffusion is prompted with the task. The line reader reads formulas by a prompt of their own;
for texts and tables its layout analysis finds the lines first, as on a page.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape

from PIL import Image

from mdocr.decoding.requests import BlockOptions, Generation
from mdocr.document.layout_text import parse_layout
from mdocr.document.model import Block, Box
from mdocr.document.table_heads import head_height
from mdocr.document.table_writers import to_html
from mdocr.document.tables import parse as parse_table
from mdocr.errors import InputError, MdocrError, PartialFailureError, UsageError
from mdocr.inputs.page_picture import page_of
from mdocr.inputs.pictures import Picture, open_picture
from mdocr.options import ParseOptions
from mdocr.parsing import crops, pipeline
from mdocr.parsing.line_reader.pages import LinePageReader
from mdocr.parsing.page_model import PageModel
from mdocr.parsing.single_formulas import read_formulas
from mdocr.parsing.texts import Text, block_options, filled, text_of
from mdocr.postprocess.duplicates import drop_duplicates

TASKS = ("text", "table", "formula", "layout")

logger = logging.getLogger(__name__)

WHOLE = Box(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Reading:
    """What was read of a single picture.

    Attributes:
        blocks: a single one, or the regions of a layout.
        failures: why something of it is missing; empty if it is whole.
    """

    blocks: tuple[Block, ...]
    failures: tuple[MdocrError, ...] = ()

    @property
    def content(self) -> str:
        """The text of the region."""
        return self.blocks[0].content


def read_region(model: PageModel, picture: Picture, task: str, options: ParseOptions) -> Reading:
    """Reads one region.

    Args:
        model: the page model.
        picture: of the region and nothing else.
        task: ``text``, ``table`` or ``formula``.
        options: how to read.

    Returns:
        A text; a table in HTML; or a formula in LaTeX, without delimiters. Where no table is found,
        the text instead, which the block's type tells.

    Raises:
        InputError: the picture cannot be read.
        UsageError: there is no such task, or the model does not know it.
    """
    if task not in TASKS:
        raise UsageError(f"unknown task {task!r}", f"Choose from: {', '.join(TASKS)}")
    if task == "formula":
        (read,) = formulas(model, [picture], options)
        if isinstance(read, MdocrError):
            raise read
        return read
    image = open_picture(picture)
    if model.reads_lines:
        return _by_lines(model, image, task, options)
    made = _generated(model, crops.fit(image), task, options)
    form = "otsl" if task == "table" else "text"
    return _filled(made, model, task, form, options)


def read_prompt(model: PageModel, picture: Picture, prompt: str, options: ParseOptions) -> Reading:
    """What the model answers to a prompt of the user's own, as a text.

    Raises:
        InputError: the picture cannot be read.
        UsageError: the model knows no prompts but its own.
    """
    if model.reads_lines:
        raise UsageError(
            f"{model.name} reads lines and takes no prompt",
            "Choose the model that does with: --page-model mineru-diffusion",
        )
    image = crops.fit(open_picture(picture))
    chosen = block_options(options, "text", model.block_length)
    return _filled(_answer(model, image, prompt, chosen), model, "text", "text", options)


def read_layout(model: PageModel, picture: Picture, options: ParseOptions) -> Reading:
    """The regions of a page in reading order, without content.

    Raises:
        InputError: the picture cannot be read.
    """
    image = open_picture(picture)
    if model.reads_lines:
        page = page_of(1, image, options.dpi)
        return Reading(tuple(LinePageReader(model, options).open((0, 1), page).regions()))
    made = _generated(model, crops.whole_page(image), "layout", options)
    text = text_of(made, model, options.longest("layout"), trace=False)
    found = parse_layout(text.content)
    if found.malformed:
        logger.warning("%d malformed lines of the layout were skipped", len(found.malformed))
    regions = crops.ordered(drop_duplicates(list(found.regions)))
    return Reading(tuple(regions), _failures("layout", text.notes, options))


def formulas(
    model: PageModel, pictures: Sequence[Picture], options: ParseOptions
) -> list[Reading | MdocrError]:
    """Formulas in LaTeX, without delimiters, many at once; see ``read_formulas``."""
    read = read_formulas(model, pictures, options)
    return [made if isinstance(made, MdocrError) else _formula(made, options) for made in read]


def _formula(made: Generation, options: ParseOptions) -> Reading:
    text = Text(made.text, made.confidences, made.passes)
    block = filled(Block("equation", WHOLE), text, "latex", trace=False)
    notes = ["a formula has more tokens than allowed, and is cut short"] if made.truncated else []
    return Reading((block,), _failures("equation", notes, options))


def _generated(
    model: PageModel, image: Image.Image, task: str, options: ParseOptions
) -> Generation:
    """What the model writes to the prompt of a task."""
    return _answer(model, image, task, block_options(options, task, model.block_length))


def _answer(model: PageModel, image: Image.Image, prompt: str, chosen: BlockOptions) -> Generation:
    requests = iter([model.request(image, prompt, chosen)])
    (found,) = (made for _, made in model.denoise(requests, 1))
    if isinstance(found, MdocrError):
        raise found
    return found


def _filled(
    made: Generation, model: PageModel, target: str, form: str, options: ParseOptions
) -> Reading:
    """A region with what was generated."""
    text = text_of(made, model, options.longest(target), options.trace)
    block = _in_html(filled(Block(target, WHOLE), text, form, options.trace))
    return Reading((block,), _failures(target, text.notes, options))


def _failures(target: str, notes: Iterable[str], options: ParseOptions) -> tuple[MdocrError, ...]:
    """What is missing of a text, as errors."""
    hint = f"Allow it more tokens with: --max-tokens {target}={2 * options.longest(target)}"
    return tuple(PartialFailureError(f"{target}: {note}", hint) for note in notes)


def _by_lines(model: PageModel, image: Image.Image, task: str, options: ParseOptions) -> Reading:
    """The table of a picture, or all its text."""
    document = pipeline.parse(model, image, replace(options, pages=""))
    failures = tuple(PartialFailureError(one.message, one.hint) for one in document.failures)
    if not document.pages:
        raise InputError(failures[0].message, failures[0].hint)
    blocks = [block for page in document.pages for block in page.blocks]
    found = [block for block in blocks if block.type == "table"]
    if task == "table" and found:
        return Reading((_in_html(replace(found[0], order=0)),), failures)
    return Reading((_as_text(blocks),), failures)


def _as_text(blocks: list[Block]) -> Block:
    """All text of a picture, without the breaks between its regions."""
    texts = [block for block in blocks if block.content]
    content = "\n".join(block.content for block in texts)
    sure = sum(block.confidence * len(block.content) for block in texts) / max(1, len(content))
    steps = sum(block.steps for block in texts)
    return Block("text", WHOLE, content, "text", confidence=min(sure, 1.0), steps=steps)


def _in_html(block: Block) -> Block:
    if block.type != "table":
        return block
    table = parse_table(block.content, block.format)
    return replace(block, content=to_html(table, escape, head_height(table)), format="html")
