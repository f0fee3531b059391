"""Tokenizers of the page models: prompts to token ids, generated tokens to text."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Tokenizer

from mdocr.errors import UsageError, WeightsError
from mdocr.models.line_reader_config import FORMULA_PROMPTS
from mdocr.preprocessing.prompts import AFTER, BEFORE, PICTURE, STOPS, TASKS, Prompt, expand

if TYPE_CHECKING:
    from mdocr.models.line_reader_config import LineReaderConfig


class LineReaderTokenizer:
    """The line reader's tokenizer: one token per character of a text or formula notation.

    Args:
        config: characters and special tokens.
    """

    def __init__(self, config: "LineReaderConfig") -> None:
        self.config = config
        self.charset = config.charset
        self.image_id = config.image_token_id
        self.stop_ids = frozenset({self.charset.eos_id})
        self.tasks = ("text", "formula") if config.reads_formulas else ("text",)

    def encode(self, prompt: Prompt, image_tokens: int) -> tuple[int, ...]:
        """Image tokens followed by the task token; token ids are used unchanged.

        Raises:
            UsageError: the prompt is neither a task of this model nor token ids.
        """
        if not isinstance(prompt, str):
            return expand([int(index) for index in prompt], self.image_id, image_tokens)
        task = "formula" if prompt in FORMULA_PROMPTS else prompt
        if task not in self.tasks:
            known = f"Its tasks are: {', '.join(self.tasks)}. "
            hint = "For more, use: --model mineru-diffusion"
            raise UsageError(f"the lite model has no task {prompt!r}", known + hint)
        return (*[self.image_id] * image_tokens, self.config.task_id(task))

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of tokens."""
        return self.charset.decode(tokens)


class MinerUDiffusionTokenizer:
    """The byte-pair tokenizer of MinerU-Diffusion, with its chat template.

    Args:
        path: a ``tokenizer.json``.
        image_id: the image token.

    Raises:
        WeightsError: the file cannot be read, or has no stop token.
    """

    def __init__(self, path: Path, image_id: int) -> None:
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises plain Exception
            raise WeightsError(
                f"{path} cannot be read as a tokenizer: {error}", "Download the model again."
            ) from error
        self.image_id = image_id
        ids = [self._tokenizer.token_to_id(stop) for stop in STOPS]
        known = [index for index in ids if index is not None]
        self.stop_ids = frozenset(known)
        if not known:
            raise WeightsError(
                f"{path} has none of the stop tokens {', '.join(STOPS)}",
                "Download the model again, or give the checkpoint folder of a page model.",
            )
        self.stop_id = known[0]  # that of an answer

    def encode(self, prompt: Prompt, image_tokens: int) -> tuple[int, ...]:
        """Token ids of a prompt for an image of ``image_tokens`` tokens; 0 for no image.

        Raises:
            UsageError: the prompt has neither one image token nor as many as the image.
        """
        ids = self.frame(prompt, image_tokens > 0) if isinstance(prompt, str) else prompt
        return expand([int(index) for index in ids], self.image_id, image_tokens)

    def tokens_of(self, text: str) -> tuple[int, ...]:
        """Token ids of a whole text as the model writes it, with the stop token at its end."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return (*ids, self.stop_id)

    def frame(self, prompt: str, has_image: bool) -> list[int]:
        """Token ids of a task or text in the chat template, with at most one image token."""
        text = BEFORE + PICTURE * has_image + TASKS.get(prompt, prompt) + AFTER
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def decode(self, tokens: Iterable[int]) -> str:
        """The text of tokens, special ones included: layouts consist of them."""
        text: str = self._tokenizer.decode(list(tokens), skip_special_tokens=False)
        return text
