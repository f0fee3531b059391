"""Pictures of the lite page reader: lines, or formulas where it is asked for one."""

from PIL import Image

from mdocr.preprocessing.formula_pictures import prepare_formula
from mdocr.preprocessing.line_pictures import (
    COLUMN,
    WIDEST,
    LinePicture,
    prepare_line,
)
from mdocr.models.mineru_diffusion_config import FORMULA_PROMPTS


class LinePictureConfig:
    """How pictures are prepared; nothing about it can be chosen."""

    most_tokens = WIDEST // COLUMN

    def prepare(self, image: Image.Image, prompt: object = "text") -> LinePicture:
        """See ``prepare_line`` and ``prepare_formula``; the prompt says which."""
        return prepare_formula(image) if prompt in FORMULA_PROMPTS else prepare_line(image)
