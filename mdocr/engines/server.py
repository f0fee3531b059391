"""The page model behind a server that speaks the OpenAI API, such as SGLang's.

The server holds the weights and decodes; pictures and prompts go there, texts come back. It tells
neither confidences nor steps of tokens, so those of what it reads are empty.
"""

import logging
import os
from base64 import b64encode
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import count
from queue import SimpleQueue
from threading import Thread
from typing import Any

from PIL import Image

from mdocr.decoding.requests import BlockOptions, Generation, Request
from mdocr.errors import DeviceError, MdocrError
from mdocr.preprocessing.prompts import STOPS, TASKS

CONCURRENT_REQUESTS = 16
"""Requests in flight; the server makes batches of them."""

TIMEOUT = 300.0
"""Seconds that one text may take."""

MOST_FAILURES = 5
"""Texts in a row that the server may fail at; after one more it is given up."""

KEY_VARIABLE = "MDOCR_SERVER_KEY"
SYSTEM = "You are a helpful assistant."

logger = logging.getLogger(__name__)


class ServerParser:
    """Reads pages through a server, in the place of ``mdocr.parsing.parser.Parser``.

    Args:
        url: address of the server, with or without ``/v1``.
        model: name of the model on the server; the first that it offers if empty.

    Raises:
        DeviceError: the server cannot be reached, or offers no model.
    """

    reads_lines = False
    reads_formulas = True

    def __init__(self, url: str, model: str = "") -> None:
        from huggingface_hub import InferenceClient

        self.url = url.rstrip("/").removesuffix("/chat/completions").removesuffix("/v1")
        # A key of its own: the client would else send the user's token of the hub.
        self._key = os.environ.get(KEY_VARIABLE) or "none"
        self._client = InferenceClient(
            base_url=f"{self.url}/v1", api_key=self._key, timeout=TIMEOUT
        )
        self.name = model or self._first_model()
        self.tokenizer = _NoTokens()

    def batch_size(self, max_tokens: int) -> int:
        """Maximum number of concurrent requests."""
        return CONCURRENT_REQUESTS

    def request(self, image: Image.Image, prompt: str, options: BlockOptions) -> Request:
        """Prepares one picture and its prompt, a name of ``TASKS`` or another text."""
        text = TASKS.get(prompt, prompt)
        return Request(tuple(text.encode()), options, picture=_address(image))

    def denoise(
        self, requests: Iterator[Request], batch_size: int
    ) -> Iterator[tuple[int, Generation | MdocrError]]:
        """Texts of requests, or why there is none, in the order in which the answers come.

        Raises:
            DeviceError: the server failed at too many texts in a row.
        """
        numbers = count()
        answers: SimpleQueue[tuple[int, Generation | DeviceError]] = SimpleQueue()
        waiting = failures = 0
        while True:
            while waiting < batch_size and (request := next(requests, None)):
                # A daemon: nobody should wait for a server that hangs when the program ends.
                given = answers, next(numbers), request
                Thread(target=self._answer, args=given, daemon=True).start()
                waiting += 1
            if not waiting:
                return
            number, made = answers.get()
            waiting -= 1
            failures = failures + 1 if isinstance(made, DeviceError) else 0
            if isinstance(made, DeviceError) and failures > MOST_FAILURES:
                raise made
            yield number, made

    def _answer(
        self, answers: "SimpleQueue[tuple[int, Any]]", number: int, request: Request
    ) -> None:
        """Puts the text of a request, or the error in its place, among the answers."""
        try:
            answers.put((number, self._ask_twice(request)))
        except Exception as error:  # of the network, of HTTP, and of the answer's form
            answers.put((number, self._trouble(error)))

    def _ask_twice(self, request: Request) -> Generation:
        """The text of a request; what is the server's own fault may pass."""
        try:
            return self._ask(request)
        except Exception as error:
            if getattr(getattr(error, "response", None), "status_code", 0) < 500:
                raise
        return self._ask(request)

    def _ask(self, request: Request) -> Generation:
        options = request.options
        answer = self._client.chat_completion(
            messages(bytes(request.prompt).decode(), request.picture),
            model=self.name,
            max_tokens=options.max_tokens,
            temperature=options.temperature,
            extra_body=decoding(options),
        )
        choice = answer.choices[0]
        if choice.finish_reason == "length":
            logger.warning("a text was longer than %d tokens and is cut", options.max_tokens)
        return Generation(_trimmed(choice.message.content or ""), (), (), (), passes=0)

    def _first_model(self) -> str:
        from huggingface_hub import get_session

        headers = {"Authorization": f"Bearer {self._key}"}
        try:
            answer = get_session().get(f"{self.url}/v1/models", headers=headers, timeout=30)
            answer.raise_for_status()
            return str(answer.json()["data"][0]["id"])
        except Exception as error:  # of the network, of HTTP, and of the answer's form
            raise self._trouble(error) from error

    def _trouble(self, error: Exception) -> DeviceError:
        from huggingface_hub.errors import OfflineModeIsEnabled

        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        hint = (
            f"See whether it runs and holds the model; its key, if any, goes into {KEY_VARIABLE}."
        )
        if isinstance(error, OfflineModeIsEnabled):
            hint = "Unset HF_HUB_OFFLINE: it forbids this connection too."
        return DeviceError(f"the server {self.url} gives no answer: {reason}", hint)


class _NoTokens:
    """Stands for a tokenizer; the server keeps its tokens to itself."""

    def decode(self, tokens: Iterable[int]) -> str:
        """Nothing."""
        return ""


def messages(prompt: str, picture: str) -> list[dict[str, Any]]:
    """The chat of one prompt about a picture, given as a ``data:`` address."""
    return [
        {"role": "system", "content": [{"type": "text", "text": SYSTEM}]},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": picture}},
                {"type": "text", "text": prompt},
            ],
        },
    ]


def decoding(options: BlockOptions) -> dict[str, Any]:
    """The settings of block diffusion, by the names that MinerU-Diffusion's server has for them."""
    return {
        "skip_special_tokens": False,
        "denoising_strategy": "low_confidence_dynamic",
        "dynamic_threshold": options.threshold,
        "denoising_steps": options.steps or options.block_length,
        "block_length": options.block_length,
    }


def _address(image: Image.Image) -> str:
    """The picture itself, as a PNG in an address."""
    coded = BytesIO()
    image.save(coded, "PNG")
    return f"data:image/png;base64,{b64encode(coded.getvalue()).decode()}"


def _trimmed(text: str) -> str:
    for stop in STOPS:
        text = text.partition(stop)[0]
    return text
