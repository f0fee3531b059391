"""The story of ``mdocr parse``: documents → pages → regions → texts → pages again, in order.

loading            page models by name; ``parse`` in one call
parser             a page model in a program's hand
pipeline           documents to pages, in named steps
events             what the pipeline reports, and documents put together from it
page_work, queue   requests of many regions and pages in flight, gathered page by page
mineru_diffusion   prompts for the layout, then for each region
line_reader        layout by image analysis, then line by line
regions            single texts, tables and formulas

Knows nothing of the command line.
"""

from mdocr.parsing.events import Ended, Opened, ReadDocument, collect
from mdocr.parsing.page_work import ReadPage
from mdocr.parsing.pipeline import DocumentTask, parse, read_documents

__all__ = [
    "DocumentTask",
    "Ended",
    "Opened",
    "ReadDocument",
    "ReadPage",
    "collect",
    "parse",
    "read_documents",
]
