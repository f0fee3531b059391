"""Pages, their regions and what was read in them: frozen dataclasses, free of models and files."""

from dataclasses import dataclass
from typing import Any

from mdocr.document.words import Character

UNREAD_REASONS = (
    "unsure",
    "noise",
    "covered",
    "overlay",
    "cut",
    "script",
    "paratext",
    "comment",
    "attachment",
)
"""Why something was not written: the model is unsure of it; it is no text; something lies over it,
or it lies over text itself; it goes on beyond the limit of its length; its script is unknown; it
belongs to the page and not to the text; it is a comment in the file, or the name of a file that
is attached to the page."""


TEXT_SOURCES = ("read", "text-layer", "both")
"""Where a text comes from: the picture, the text layer of the file, or some lines from each."""


@dataclass(frozen=True)
class Box:
    """A rectangle on a page; each value is a share of the page's width or height, 0 to 1."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Share of the page's width; 0 where the corners are swapped."""
        return max(0.0, self.x1 - self.x0)

    @property
    def height(self) -> float:
        """Share of the page's height; 0 where the corners are swapped."""
        return max(0.0, self.y1 - self.y0)

    @property
    def area(self) -> float:
        """Share of the page."""
        return self.width * self.height

    def intersection(self, other: "Box") -> float:
        """Area that both boxes cover."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return max(0.0, width) * max(0.0, height)

    def iou(self, other: "Box") -> float:
        """Intersection over union, 0 to 1."""
        shared = self.intersection(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def inside(self, other: "Box") -> float:
        """Share of this box that lies in ``other``, 0 to 1."""
        return self.intersection(other) / self.area if self.area > 0 else 0.0

    def union(self, other: "Box") -> "Box":
        """The smallest box around both."""
        return Box(
            min(self.x0, other.x0),
            min(self.y0, other.y0),
            max(self.x1, other.x1),
            max(self.y1, other.y1),
        )

    def as_list(self) -> list[float]:
        """``[x0, y0, x1, y1]``, rounded to 1/100,000 of the page."""
        return [round(value, 5) for value in (self.x0, self.y0, self.x1, self.y1)]


@dataclass(frozen=True)
class PageWord:
    """A word of a line.

    Attributes:
        text: what was read.
        box: its ink on the page.
        confidence: mean confidence of its characters, 0 to 1.
    """

    text: str
    box: Box
    confidence: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The word in the form of the ``mdocr.document/1`` schema."""
        return _placed(self.text, self.box, self.confidence)

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "PageWord":
        """The inverse of ``to_dict``."""
        return cls(record["text"], Box(*record["bbox"]), record["confidence"])


@dataclass(frozen=True)
class PageLine:
    """A line of a block, as it was read: before lines were joined and hyphens healed.

    Attributes:
        text: without markup.
        box: its ink on the page.
        confidence: mean confidence of its characters, 0 to 1.
        words: from left to right, where their places were asked for.
        angle: degrees counter-clockwise by which the page has to be turned for the line to be
            upright: 0, 90, 180 or 270.
    """

    text: str
    box: Box
    confidence: float = 0.0
    words: tuple[PageWord, ...] = ()
    angle: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The line in the form of the ``mdocr.document/1`` schema."""
        record = _placed(self.text, self.box, self.confidence)
        if self.words:
            record["words"] = [word.to_dict() for word in self.words]
        return {**record, "angle": self.angle} if self.angle else record

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "PageLine":
        """The inverse of ``to_dict``."""
        words = tuple(PageWord.from_dict(word) for word in record.get("words", ()))
        box = Box(*record["bbox"])
        return cls(record["text"], box, record["confidence"], words, record.get("angle", 0))


def _placed(text: str, box: Box, confidence: float) -> dict[str, Any]:
    return {"text": text, "bbox": box.as_list(), "confidence": round(confidence, 5)}


@dataclass(frozen=True)
class Block:
    """One region of a page and what was read in it.

    Attributes:
        type: a name of ``BLOCK_TYPES``.
        box: where it stands on the page.
        content: what was read, in ``format``; empty for a picture.
        format: ``text``, ``latex``, ``html`` or ``otsl``.
        angle: degrees by which the crop was turned before reading: 0, 90, 180 or 270.
        confidence: mean confidence of the tokens, 0 to 1.
        steps: denoising steps that the reading took.
        order: place in the reading order of its page, from 1; 0 where unknown.
        level: of a title, from 1 (the document's title); 0 where unknown.
        size: of a title's letters in its file, a share of the page's height; 0 where unknown.
        image: file name of the region's picture; empty without one.
        tokens: every token of the content; empty unless a trace was asked for.
        lines: as they stand on the page; empty unless their places were asked for.
        source: a name of ``TEXT_SOURCES``.
    """

    type: str
    box: Box
    content: str = ""
    format: str = "text"
    angle: int = 0
    confidence: float = 0.0
    steps: int = 0
    order: int = 0
    level: int = 0
    image: str = ""
    tokens: tuple[Character, ...] = ()
    lines: tuple[PageLine, ...] = ()
    source: str = "read"
    size: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The block in the form of the ``mdocr.document/1`` schema."""
        record: dict[str, Any] = {
            "type": self.type,
            "bbox": self.box.as_list(),
            "angle": self.angle,
            "content": self.content,
            "format": self.format,
            "confidence": round(self.confidence, 5),
            "steps": self.steps,
            "order": self.order,
        }
        if self.level:
            record["level"] = self.level
        if self.size:
            record["size"] = round(self.size, 5)
        if self.image:
            record["image"] = self.image
        if self.source != "read":
            record["source"] = self.source
        if self.tokens:
            record["tokens"] = [token.to_dict() for token in self.tokens]
        if self.lines:
            record["lines"] = [line.to_dict() for line in self.lines]
        return record

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "Block":
        """The inverse of ``to_dict``."""
        parts = ("bbox", "tokens", "lines")
        values = {key: value for key, value in record.items() if key not in parts}
        tokens = tuple(Character.from_dict(token) for token in record.get("tokens", ()))
        lines = tuple(PageLine.from_dict(line) for line in record.get("lines", ()))
        return cls(box=Box(*record["bbox"]), tokens=tokens, lines=lines, **values)


@dataclass(frozen=True)
class Unread:
    """What was seen on a page, or stands in its file, and is not among its blocks.

    Attributes:
        box: where it stands on the page.
        reason: a name of ``UNREAD_REASONS``.
        text: what was read all the same; empty if nothing was.
        confidence: mean confidence of the tokens, 0 to 1.
    """

    box: Box
    reason: str
    text: str = ""
    confidence: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The record in the form of the ``mdocr.document/1`` schema."""
        return {
            "bbox": self.box.as_list(),
            "reason": self.reason,
            "text": self.text,
            "confidence": round(self.confidence, 5),
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "Unread":
        """The inverse of ``to_dict``."""
        values = {key: value for key, value in record.items() if key != "bbox"}
        return cls(Box(*record["bbox"]), **values)


@dataclass(frozen=True)
class LayerUse:
    """What became of the text layer of a page.

    Attributes:
        lines: that it has a text for, and that were compared with the picture.
        refused: those among them where the picture shows something else.
        used: whether its text was taken where it was not refused; a layer that is refused too often
            is not believed at all.
    """

    lines: int
    refused: int
    used: bool

    def to_dict(self) -> dict[str, Any]:
        """The record in the form of the ``mdocr.document/1`` schema."""
        return {"lines": self.lines, "refused": self.refused, "used": self.used}


@dataclass(frozen=True)
class Page:
    """One page and its blocks in reading order.

    Attributes:
        number: place in the document, from 1.
        width: in points (1/72 inch).
        height: in points.
        blocks: in reading order.
        seconds: time that reading the page took.
        unread: what was seen on it and not written, with the reason.
        text_layer: what became of that; None where the file has none, or it was not asked.
        notes: what people are told of it, such as that it makes no sense.
    """

    number: int
    width: float
    height: float
    blocks: tuple[Block, ...] = ()
    seconds: float = 0.0
    unread: tuple[Unread, ...] = ()
    text_layer: LayerUse | None = None
    notes: tuple[str, ...] = ()

    def follows(self, other: "Page") -> bool:
        """Whether it is the next page of the document, with none left out between."""
        return self.number == other.number + 1

    def to_dict(self) -> dict[str, Any]:
        """The page in the form of the ``mdocr.document/1`` schema."""
        record: dict[str, Any] = {
            "number": self.number,
            "width": round(self.width, 3),
            "height": round(self.height, 3),
            "blocks": [block.to_dict() for block in self.blocks],
            "seconds": round(self.seconds, 3),
            "unread": [one.to_dict() for one in self.unread],
        }
        if self.text_layer:
            record["text_layer"] = self.text_layer.to_dict()
        if self.notes:
            record["notes"] = list(self.notes)
        return record

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "Page":
        """The inverse of ``to_dict``."""
        blocks = tuple(Block.from_dict(block) for block in record["blocks"])
        unread = tuple(Unread.from_dict(one) for one in record.get("unread", ()))
        layer = LayerUse(**record["text_layer"]) if record.get("text_layer") else None
        notes = tuple(record.get("notes", ()))
        values = {"blocks": blocks, "unread": unread, "text_layer": layer, "notes": notes}
        return cls(**{**record, **values})


@dataclass(frozen=True)
class Source:
    """The file that a document was read from.

    Attributes:
        path: as it was given.
        page_count: pages in the file, read or not.
        sha256: of the file's bytes, in hexadecimal; empty where unknown.
    """

    path: str
    page_count: int = 0
    sha256: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The source in the form of the ``mdocr.document/1`` schema."""
        record: dict[str, Any] = {"path": self.path, "page_count": self.page_count}
        return {**record, "sha256": self.sha256} if self.sha256 else record


@dataclass(frozen=True)
class Failure:
    """A page or a block that could not be read.

    Attributes:
        message: what went wrong.
        page: number of the page, from 1; 0 where the whole document failed.
        order: place of the block on its page, from 1; 0 where the whole page failed.
        error: name of the error's class.
        hint: what the user can do next.
    """

    message: str
    page: int = 0
    order: int = 0
    error: str = "MdocrError"
    hint: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The failure in the form of the ``mdocr.document/1`` schema."""
        return {
            "page": self.page,
            "order": self.order,
            "error": self.error,
            "message": self.message,
            "hint": self.hint,
        }
