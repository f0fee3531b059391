"""Pages read by MinerU-Diffusion: prompted for the layout first, then for each region.

Two steps (arXiv 2603.22458): "Layout Detection" on the scaled page; then, on crops at the page's
own resolution, "Table Recognition", "Formula Recognition" or "Text Recognition".
"""

from dataclasses import replace
from functools import partial

from mdocr.decoding.requests import Generation, Request
from mdocr.document.block_types import PICTURE_TYPES
from mdocr.document.layout_text import parse_layout
from mdocr.document.model import Block, Failure, Page, Unread
from mdocr.errors import MdocrError, PartialFailureError, UsageError
from mdocr.inputs.page_picture import PagePicture
from mdocr.options import ParseOptions
from mdocr.parsing import crops
from mdocr.parsing.drawing import draw_layout
from mdocr.parsing.lite_pages import read_by_lite
from mdocr.parsing.page_model import PageModel
from mdocr.parsing.page_work import (
    Job,
    Key,
    PageWork,
    failure_of,
)
from mdocr.parsing.region_drafts import drafted
from mdocr.parsing.texts import Text, block_options, filled, is_at_limit, text_of
from mdocr.postprocess.duplicates import drop_duplicates

LAYOUT = 0
"""Place of the layout among the texts of a page; regions count from 1."""

NOT_PROMPTED = ("image", "image_block", "list", "equation_block")
"""Pictures, and frames around regions that are read on their own."""

PROMPTS = {"table": "table", "equation": "equation"}
FORMATS = {"table": "otsl", "equation": "latex"}


class MinerUPageReader:
    """Opens pages for MinerU-Diffusion."""

    def __init__(self, parser: PageModel, options: ParseOptions) -> None:
        self.parser = parser
        self.options = options
        _check_draft(parser, options.draft, options.text_layer)
        self.drafts = takes_drafts(parser, options)
        longest = options.longest("layout") * (2 if self.drafts else 1)  # the draft and the masks
        self.batch_size = options.batch_size or parser.batch_size(longest)
        # Refuses invalid options before the first page:
        block_options(options, "layout", parser.block_length)

    def open(self, key: Key, sheet: PagePicture) -> PageWork:
        """A page that is ready to ask for its layout, or for the regions that the lite model finds.

        Raises:
            MdocrError: the lite model is to find them, and cannot read the page.
        """
        page = self._lite_page(key, sheet)
        return MinerUPage(key, sheet, self, page)

    def _lite_page(self, key: Key, sheet: PagePicture) -> Page | None:
        """The page as the lite model reads it, if its regions or texts are asked for."""
        draft = self.options.draft
        is_wanted = draft == "lite" or (
            draft == "auto" and self.parser.is_slow and sheet.text is None
        )
        if self.options.layout == "lite" or (self.drafts and is_wanted):
            return read_by_lite(self.parser.lite(), key, sheet, self.options)
        return None


class MinerUPage(PageWork):
    """A page in flight."""

    def __init__(
        self, key: Key, sheet: PagePicture, reader: MinerUPageReader, lite: Page | None
    ) -> None:
        super().__init__(key, sheet)
        self.parser, self.options = reader.parser, reader.options
        self.lite = lite
        self.drafts = reader.drafts
        self.regions: list[Block] = []
        self.texts: dict[int, Text] = {}

    def begin(self) -> list[Job]:
        """The layout, or the regions that the lite model has found."""
        if self.options.layout == "model" or self.lite is None:
            return [Job(self, LAYOUT, self._ask_for_layout)]
        self.unread += [one for one in self.lite.unread if one.reason != "unsure"]
        return self._jobs([_empty(block) for block in self.lite.blocks])

    def take(self, place: int, made: Generation) -> list[Job]:
        """After the layout, all regions."""
        target = self.regions[place - 1].type if place else "layout"
        longest = self.options.longest(target)
        text = text_of(made, self.parser, longest, self.options.trace)
        if is_at_limit(made, longest):
            self.failures.append(_cut_short(target, longest, self.sheet.number, place))
        for note in text.notes:
            self.note(f"{target}: {note}")
        if place == LAYOUT:
            return self._regions_of(text.content)
        self.texts[place] = text
        if text.is_cut:
            box = self.regions[place - 1].box
            self.unread.append(Unread(box, "cut", text.content, text.confidence))
        return []

    def miss(self, place: int, error: MdocrError) -> None:
        """Without a layout the page has failed; without a text its region is empty."""
        if place == LAYOUT:
            self.error = error
        else:
            self.failures.append(failure_of(error, self.sheet.number, place))

    def compose(self) -> tuple[list[Block], dict[str, bytes], bytes]:
        """All regions with what was read in them."""
        picture, number = self.sheet.picture, self.sheet.number
        drawing = draw_layout(picture, self.regions) if self.options.draw_layout else b""
        blocks, pictures = [], {}
        for place, region in enumerate(self.regions, start=1):
            block = self._read(place, region)
            if block.type in PICTURE_TYPES:
                name = crops.file_name(number, place)
                pictures[name] = crops.encode(crops.cut_region(picture, block.box, block.angle))
                block = crops.linked(block, name)
            blocks.append(block)
        return blocks, pictures, drawing

    def _regions_of(self, layout: str) -> list[Job]:
        found = parse_layout(layout)
        if found.malformed:
            self.note(f"{len(found.malformed)} malformed lines of the layout were skipped")
        if found.unknown_types:
            types = ", ".join(found.unknown_types)
            self.note(f"regions of unknown types are read as text: {types}")
        return self._jobs(drop_duplicates([_known(one) for one in found.regions]))

    def _jobs(self, regions: list[Block]) -> list[Job]:
        """The regions to be read."""
        self.regions = crops.ordered(regions)
        return [
            Job(self, place, partial(self._ask, region))
            for place, region in enumerate(self.regions, start=1)
            if region.type not in NOT_PROMPTED
        ]

    def _ask_for_layout(self) -> Request:
        page = crops.whole_page(self.sheet.picture)
        return self.parser.request(
            page, "layout", block_options(self.options, "layout", self.parser.block_length)
        )

    def _ask(self, region: Block) -> Request:
        crop = crops.fit(crops.cut_region(self.sheet.picture, region.box, region.angle))
        options = block_options(self.options, region.type, self.parser.block_length)
        prompt = PROMPTS.get(region.type, "text")
        draft = self._draft_of(region)
        if draft:
            return self.parser.request(crop, prompt, options, draft=draft)
        return self.parser.request(crop, prompt, options)

    def _draft_of(self, region: Block) -> str:
        """What a region is expected to say; empty where nothing is known, or not asked."""
        if not self.drafts:
            return ""
        layer = self.sheet.text if self.options.draft in ("auto", "text-layer") else None
        page = self.lite if self.options.draft in ("auto", "lite") else None
        return drafted(region, layer, page, self.sheet.width / self.sheet.height)

    def _read(self, place: int, region: Block) -> Block:
        text = self.texts.get(place, Text())
        form = FORMATS.get(region.type, "text")
        if form == "otsl" and text.content.startswith("<table"):
            form = "html"
        return filled(region, text, form, self.options.trace)


def takes_drafts(parser: PageModel, options: ParseOptions) -> bool:
    """Whether texts are verified; by default not where that saves no time.

    To verify exactly takes fewer passes, but no less arithmetic, which is what a CPU's time goes
    into.
    """
    is_exact = options.acceptance >= options.threshold
    is_in_vain = options.draft == "auto" and is_exact and parser.is_slow
    return parser.verifies_drafts and options.draft != "none" and not is_in_vain


def _check_draft(parser: PageModel, draft: str, text_layer: str) -> None:
    """Refuses drafts that the model cannot begin with, or that are not looked at.

    Raises:
        UsageError: it is one of these.
    """
    if draft == "ctc":
        raise UsageError(
            f"{parser.name} has no CTC head to draft its texts",
            "Choose one of: --draft auto, none, lite, text-layer",
        )
    if draft in ("lite", "text-layer") and not parser.verifies_drafts:
        raise UsageError(
            f"{parser.name} verifies no drafts here: torch does, on this machine",
            "Use --draft none, or --engine torch without --server.",
        )
    if draft == "text-layer" and text_layer == "ignore":
        raise UsageError(
            "--draft text-layer begins with what --text-layer ignore leaves out",
            "Leave out one of them, or use: --draft lite",
        )


def _empty(block: Block) -> Block:
    """The region of a block."""
    return Block(block.type, block.box, angle=block.angle)


def _cut_short(target: str, longest: int, page: int, place: int) -> Failure:
    message = f"{target}: a text has more than {longest} tokens, and its end is missing"
    hint = f"Allow it more with: --max-tokens {target}={2 * longest}"
    return failure_of(PartialFailureError(message, hint), page, place)


def _known(region: Block) -> Block:
    """A region of an unknown type as text."""
    return replace(region, type="text") if region.type == "unknown" else region
