"""The story of ``mdocr parse``: documents → pages → regions → texts → pages again, in order.

pipeline       the story in named steps
events         what it reports, and documents put together from that
work, queue    texts of many regions and pages in work at once, gathered page by page
prompted       the released model, which is asked for the layout and for each region
lite           the line reader: layout by image analysis, then line by line

Knows nothing of output formats and of the command line.
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
