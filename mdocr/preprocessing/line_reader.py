"""Pictures of the lite page reader: lines, or formulas where it is asked for one."""

from PIL import Image

from mdocr.models.line_reader_config import COLUMN, FORMULA_PROMPTS
from mdocr.preprocessing.formula_images import prepare_formula
from mdocr.preprocessing.line_images import WIDEST, LineImage, prepare_line


class LineReaderProcessor:
    """How pictures are prepared; nothing about it can be chosen."""

    max_tokens = WIDEST // COLUMN

    def prepare(self, image: Image.Image, prompt: object = "text") -> LineImage:
        """See ``prepare_line`` and ``prepare_formula``; the prompt says which."""
        return prepare_formula(image) if prompt in FORMULA_PROMPTS else prepare_line(image)
