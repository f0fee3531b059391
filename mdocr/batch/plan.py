"""How many worker processes a run starts where none are named."""

from collections.abc import Sequence

import psutil

from mdocr.batch.page_model import ModelChoice
from mdocr.batch.workers.options import core_count
from mdocr.engines.exported import has_accelerator
from mdocr.inputs.find import FailedInput
from mdocr.inputs.page_size import is_huge
from mdocr.inputs.pages import is_pdf
from mdocr.inputs.streams import is_stream

ROOM = 1 << 30
"""Bytes of free memory that a worker is started for: the lite model takes about half of it."""


def automatic_workers(
    found: Sequence[str | FailedInput], choice: ModelChoice, to_folder: bool
) -> int:
    """Worker processes; 0 to read in this process.

    One for each core, where several documents are read on the CPU into a folder, and one for a
    single PDF, or for PDFs to stdout, which may hang who renders them, however they are named; what
    comes through a pipe is taken for one. So is a huge picture, which may take much memory. Other
    pictures are read in this process; so is all that a server or an accelerator reads, which want
    many texts at once.
    """
    paths = [item for item in found if isinstance(item, str)]
    if choice.server or has_accelerator(choice.device):
        return 0
    if len(paths) < 2 or not to_folder:
        return int(any(is_stream(path) or is_pdf(path) or is_huge(path) for path in paths))
    room = int(psutil.virtual_memory().available) // ROOM
    return max(1, min(core_count(), len(paths), room))
