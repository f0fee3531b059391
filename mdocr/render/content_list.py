"""MinerU's ``content_list.json``: a flat list of blocks, so that what reads MinerU's reads ours.

Boxes are in thousandths of the page; pages count from 0; formulas stand between dollar signs.
"""

import json
from collections.abc import Iterator
from typing import Any

from mdocr.document import table_writers, tables
from mdocr.document.block_types import CODE_TYPES
from mdocr.document.document import Document
from mdocr.document.inline import plain
from mdocr.document.latex.tokens import split_formulas, strip_delimiters
from mdocr.document.model import Block, Page
from mdocr.options import RenderOptions
from mdocr.postprocess import finish
from mdocr.postprocess.captions import Figure, figures
from mdocr.render.flow import picture_path
from mdocr.render.html import running as html_text

Entry = dict[str, Any]

_KEPT_TYPES = ("header", "footer", "page_number", "aside_text", "page_footnote", "phonetic")


def render(document: Document, options: RenderOptions | None = None) -> str:
    """The document as MinerU's content list."""
    options = options or RenderOptions()
    finished = finish(document, keep_paratext=options.keep_paratext, join=True)
    entries = [entry for page in finished.pages for entry in _page(page, options)]
    return json.dumps(entries, ensure_ascii=False, indent=4) + "\n"


def _page(page: Page, options: RenderOptions) -> Iterator[Entry]:
    entries: list[tuple[Block, Entry]] = []
    for item in figures(page.blocks):
        block = item.body if isinstance(item, Figure) else item
        entry = _figure(item, options) if isinstance(item, Figure) else _block(item, options)
        if entry["type"] == "list" and entries and _same_list(entries[-1][1], entry):
            first, begun = entries[-1]
            begun["list_items"] += entry["list_items"]
            entries[-1] = (_around(first, block), begun)
        else:
            entries.append((block, entry))
    for block, entry in entries:
        yield {**entry, "bbox": _thousandths(block), "page_idx": page.number - 1}


def _same_list(first: Entry, second: Entry) -> bool:
    return first["type"] == "list" and bool(first["sub_type"] == second["sub_type"])


def _around(first: Block, second: Block) -> Block:
    return Block(first.type, first.box.union(second.box))


def _thousandths(block: Block) -> list[int]:
    return [int(1000 * min(max(value, 0.0), 1.0)) for value in block.box.as_list()]


def _text(content: str) -> str:
    pieces = (
        f"${strip_delimiters(p.content)}$" if p.is_formula else p.content
        for p in split_formulas(plain(content))
    )
    return "".join(pieces)


def _block(block: Block, options: RenderOptions) -> Entry:
    if block.type == "title":
        return {"type": "text", "text": _text(block.content), "text_level": block.level or 1}
    if block.type == "equation" and block.format == "latex":
        return _equation(block, options)
    if block.type in ("list_item", "ref_text"):
        kind = "ref_text" if block.type == "ref_text" else "text"
        return {"type": "list", "sub_type": kind, "list_items": [_text(block.content)]}
    kind = block.type if block.type in _KEPT_TYPES else "text"
    return {"type": kind, "text": _text(block.content)}


def _equation(block: Block, options: RenderOptions) -> Entry:
    return {
        "type": "equation",
        "img_path": picture_path(block, options),
        "text": f"$$\n{strip_delimiters(block.content)}\n$$",
        "text_format": "latex",
    }


def _figure(figure: Figure, options: RenderOptions) -> Entry:
    body = figure.body
    captions = [_text(block.content) for block in figure.captions]
    footnotes = [_text(block.content) for block in figure.footnotes]
    if body.type in CODE_TYPES:
        return _code(body, captions)
    path = picture_path(body, options)
    if body.type == "table":
        table = tables.parse(body.content, body.format)
        return {
            "type": "table",
            "img_path": path,
            "table_caption": captions,
            "table_footnote": footnotes,
            "table_body": table_writers.to_html(table, html_text) if body.content.strip() else "",
        }
    entry = {
        "type": "image",
        "img_path": path,
        "image_caption": captions,
        "image_footnote": footnotes,
        "content": body.content,
    }
    return {**entry, "sub_type": "chart"} if body.type == "chart" else entry


def _code(body: Block, captions: list[str]) -> Entry:
    content = body.content if body.type == "algorithm" else f"```txt\n{body.content}\n```"
    return {
        "type": "code",
        "sub_type": body.type,
        "code_caption": captions,
        "code_body": content,
    }
