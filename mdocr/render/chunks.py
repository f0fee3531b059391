"""Chunks for retrieval: JSON Lines, each a part of the text under one heading, with its places.

A chunk ends before the next title, or where it would become too long: then between blocks, else
between sentences, else between words. A table is never cut.

Tokens are counted without a tokenizer, as a program that embeds text has its own: one for every
four characters of a word begun, and one for every other sign. Of English, that is some more than
the byte-pair encodings of language models count.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mdocr.document.characters import WIDE
from mdocr.document.document import Document
from mdocr.document.inline import plain
from mdocr.document.model import Block, Box, Page
from mdocr.options import RenderOptions
from mdocr.postprocess import finish
from mdocr.postprocess.captions import Figure, figures
from mdocr.postprocess.lists import split_marker
from mdocr.render import markdown
from mdocr.render.flow import Items

_TOKEN = re.compile(r"[^\W_]+|[^\s]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_LETTERS = 4

Place = tuple[int, Box]
"""Number of a page, and a box on it."""


@dataclass(frozen=True)
class Part:
    """What a chunk is put together from.

    Attributes:
        text: Markdown.
        places: of the blocks that it comes from.
        kind: ``title``, ``table`` or ``text``.
        level: of a title.
    """

    text: str
    places: tuple[Place, ...]
    kind: str = "text"
    level: int = 0


@dataclass
class Chunk:
    """A part of the text under one heading."""

    headings: tuple[str, ...]
    parts: list[Part] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its parts as Markdown."""
        return "\n\n".join(part.text for part in self.parts)

    def to_dict(self) -> dict[str, Any]:
        """The chunk as a plain record."""
        places = list(dict.fromkeys(place for part in self.parts for place in part.places))
        return {
            "headings": list(self.headings),
            "text": self.text,
            "pages": sorted({number for number, _ in places}),
            "boxes": [{"page": number, "bbox": box.as_list()} for number, box in places],
            "tokens": count_tokens(self.text),
        }


def render(document: Document, options: RenderOptions | None = None) -> str:
    """The chunks of a document, one a line."""
    options = options or RenderOptions()
    source = document.source.path
    records = ({"source": source, **chunk.to_dict()} for chunk in chunks(document, options))
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def count_tokens(text: str) -> int:
    """About as many as a language model counts; see above."""
    return sum(
        len(found) if WIDE.match(found) else -(-len(found) // _LETTERS)
        for found in _TOKEN.findall(text)
    )


def chunks(document: Document, options: RenderOptions) -> Iterator[Chunk]:
    """The text in chunks of at most ``options.chunk_tokens``; a longer table is one by itself."""
    path: list[tuple[int, str]] = []
    chunk, alone = Chunk(()), list[Part]()
    for part in _parts(document, options):
        if part.kind == "title":
            if chunk.parts:
                yield chunk
            elif alone and part.level <= alone[0].level:  # a title with nothing below it
                yield replace(chunk, parts=alone)
            path = [one for one in path if one[0] < part.level]
            path.append((part.level, part.text.lstrip("# ")))
            chunk, alone = Chunk(tuple(text for _, text in path)), [part]
            continue
        for piece in _pieces(part, options.chunk_tokens):
            longer = replace(chunk, parts=[*chunk.parts, piece])
            if chunk.parts and count_tokens(longer.text) > options.chunk_tokens:
                yield chunk
                chunk = replace(chunk, parts=[piece])
            else:
                chunk = longer
    if chunk.parts or alone:
        yield chunk if chunk.parts else replace(chunk, parts=alone)


def _parts(document: Document, options: RenderOptions) -> Iterator[Part]:
    """Titles, paragraphs, items, figures and tables in reading order."""
    plain = replace(options, page_marks=False, images="")
    joined = finish(document, keep_paratext=options.keep_paratext, join=True)
    places = _places(finish(document, keep_paratext=options.keep_paratext), joined)
    for page in joined.pages:
        for item in figures(page.blocks):
            text = markdown.element(_listed(item), plain)
            if text.strip():
                blocks = _blocks_of(item)
                own = tuple(one for block in blocks for one in places[page.number, block.box])
                yield Part(text, own, _kind(item), item.level if isinstance(item, Block) else 0)


def _listed(item: Block | Figure) -> Block | Figure | Items:
    if isinstance(item, Figure):
        return Figure(replace(item.body, image=""), item.captions, item.footnotes)
    if item.type == "title":  # also the heading of what follows
        return replace(item, content=plain(item.content))
    return Items((split_marker(item.content),)) if item.type == "list_item" else item


def _blocks_of(item: Block | Figure) -> list[Block]:
    return [item.body, *item.captions, *item.footnotes] if isinstance(item, Figure) else [item]


def _kind(item: Block | Figure) -> str:
    kind = item.body.type if isinstance(item, Figure) else item.type
    return kind if kind in ("title", "table") else "text"


def _places(parted: Document, joined: Document) -> dict[Place, list[Place]]:
    """Where each joined block comes from: itself, and what was joined to it.

    What is no longer there by itself was joined to the last of its kind before it.
    """
    found = {
        (page.number, block.box): list[Place]() for page in joined.pages for block in page.blocks
    }
    last: dict[bool, Place] = {}
    for page, block in _all_blocks(parted.pages):
        own = (page.number, block.box)
        is_table = block.type.startswith("table")
        if own in found:
            last[is_table] = own
        if target := last.get(is_table):
            found[target].append(own)
    return found


def _all_blocks(pages: Sequence[Page]) -> Iterator[tuple[Page, Block]]:
    return ((page, block) for page in pages for block in page.blocks)


def _pieces(part: Part, most: int) -> Iterator[Part]:
    """A part cut into pieces that are short enough; a table stays whole."""
    if part.kind == "table" or count_tokens(part.text) <= most:
        yield part
        return
    held = ""
    for sentence in _SENTENCE.split(part.text):
        for words in _cut(sentence, most):
            longer = f"{held} {words}".strip()
            if held and count_tokens(longer) > most:
                yield replace(part, text=held)
                held = words
            else:
                held = longer
    if held:
        yield replace(part, text=held)


def _cut(sentence: str, most: int) -> Iterator[str]:
    """A sentence in runs of words, or of characters where one word is too long."""
    if count_tokens(sentence) <= most:
        yield sentence
        return
    held = ""
    for word in re.findall(rf"\S{{1,{max(1, most)}}}\s*", sentence):
        if held and count_tokens(held + word) > most:
            yield held.strip()
            held = word
        else:
            held += word
    yield held.strip()
