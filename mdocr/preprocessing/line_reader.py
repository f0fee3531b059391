"""The image processor of the line reader: text lines, or formulas if the task is one."""

from PIL import Image

from mdocr.models.line_reader_config import COLUMN, FORMULA_PROMPTS
from mdocr.preprocessing.formula_images import prepare_formula
from mdocr.preprocessing.line_images import WIDEST, LineImage, prepare_line


class LineReaderProcessor:
    """Prepares images of lines and formulas; it has no settings."""

    max_tokens = WIDEST // COLUMN

    def prepare(self, image: Image.Image, prompt: object = "text") -> LineImage:
        """``prepare_formula`` if the prompt is a formula task, else ``prepare_line``."""
        return prepare_formula(image) if prompt in FORMULA_PROMPTS else prepare_line(image)
