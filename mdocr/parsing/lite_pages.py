"""Pages as the lite model reads them, for the large model: its regions, or drafts of its texts."""

from mdocr.document.model import Page
from mdocr.inputs.page_picture import PagePicture
from mdocr.options import ParseOptions
from mdocr.parsing.line_reader.pages import LinePageReader
from mdocr.parsing.page_model import PageModel
from mdocr.parsing.page_work import Key, ReadPage
from mdocr.parsing.queue import Queue


def read_by_lite(model: PageModel, key: Key, sheet: PagePicture, options: ParseOptions) -> Page:
    """One page as a model of lines reads it, with the places of its lines.

    Args:
        model: the lite model.
        key: which page it is.
        sheet: the page; lines of its text layer are taken where they stand.
        options: of the document. Where they are about decoding, those of the lite model apply.

    Raises:
        MdocrError: the page cannot be read.
    """
    own = ParseOptions(
        text_layer=options.text_layer, emphasis=False, keep_unsure=True, boxes="line"
    )
    reader = LinePageReader(model, own)
    queue: Queue[ReadPage] = Queue(iter([reader.open(key, sheet)]))
    for number, made in model.denoise(queue.begin(), reader.batch_size):
        queue.take(number, made)
    (read,) = queue.done()
    if read.page is None:
        assert read.error is not None  # a page that is missing has failed
        raise read.error
    return read.page
