"""MinerU-Diffusion behind a server, instead of a page model in this process.

The server holds the weights and decodes; images and prompts go there, texts come back. It reports
neither confidences nor steps, so those of its texts are empty.
"""

import logging
import random
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from itertools import count
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from PIL import Image

from mdocr.decoding.requests import BlockOptions, Generation, Request
from mdocr.engines.chat import SECONDS, BusyError, ChatServer
from mdocr.errors import DeviceError, MdocrError, UsageError
from mdocr.preprocessing.prompts import STOPS, TASKS

CONCURRENT_REQUESTS = 16
"""Requests in flight; the server makes batches of them."""

PAUSES = (1.0, 4.0)
"""Seconds before a busy server is asked again; each by chance half as long, or half as long again,
so that requests do not come back together."""

ANSWER_SECONDS = (1 + len(PAUSES)) * SECONDS + 30
"""After this long a request has failed, tries and pauses included: a connection may hang for ever.
"""

MAX_FAILURES = 5
"""Failures in a row that are tolerated; one more ends the run."""

SYSTEM = "You are a helpful assistant."

logger = logging.getLogger(__name__)

Answer = Generation | MdocrError
Answers = SimpleQueue[tuple[int, Answer]]


class ServerPageModel:
    """Reads pages through a server; see ``mdocr.parsing.page_model.PageModel``.

    Args:
        url: address of the server, with or without ``/v1``.
        model: name of the model on the server; the first that it offers if empty.
        load_lite: loads the lite model, which may find the regions of pages here.

    Raises:
        UsageError: the address makes no sense.
        DeviceError: the server cannot be reached, or offers no model.
    """

    reads_lines = False
    reads_formulas = True
    verifies_drafts = False
    is_slow = False
    block_length = BlockOptions.block_length

    def __init__(
        self, url: str, model: str = "", load_lite: Callable[[], Any] | None = None
    ) -> None:
        self._load_lite = load_lite
        self._server = ChatServer(url)
        self.name = model or self._first_model()
        self.tokenizer = _NoTokens()
        self._warned = False

    def batch_size(self, max_tokens: int) -> int:
        """Maximum number of concurrent requests."""
        return CONCURRENT_REQUESTS

    def lite(self) -> Any:
        """The lite model, in this process.

        Raises:
            UsageError: there is none.
        """
        if self._load_lite is None:
            raise UsageError("there is no lite model beside the server")
        return self._load_lite()

    def request(
        self, image: Image.Image, prompt: str, options: BlockOptions, *, draft: str | None = None
    ) -> Request:
        """Prepares one image and its prompt, a name of ``TASKS`` or another text.

        Raises:
            UsageError: there is a draft, for which the API has no place.
        """
        if draft is not None:
            raise UsageError("a server verifies no drafts", "Use: --draft none")
        self._warn_of(options)
        text = TASKS.get(prompt, prompt)
        return Request(tuple(text.encode()), options, picture=_data_url(image))

    def denoise(self, requests: Iterator[Request], batch_size: int) -> Iterator[tuple[int, Answer]]:
        """Texts of requests, or why there is none, in order of completion.

        Raises:
            DeviceError: too many requests in a row failed.
        """
        numbers, answers = count(), Answers()
        started: dict[int, float] = {}
        failures = 0
        while True:
            while len(started) < batch_size and (request := next(requests, None)):
                number = next(numbers)
                started[number] = time.monotonic()
                # A daemon: the program does not wait for a server that hangs when it ends.
                given = answers, number, request
                Thread(target=self._answer, args=given, daemon=True).start()
            if not started:
                return
            number, made = self._next(answers, started)
            if number not in started:  # it came after all, when it had been given up
                continue
            del started[number]
            failures = failures + 1 if isinstance(made, DeviceError) else 0
            if isinstance(made, DeviceError) and failures > MAX_FAILURES:
                raise made
            yield number, made

    def _next(self, answers: Answers, started: dict[int, float]) -> tuple[int, Answer]:
        """The next answer; an error instead if the oldest request takes too long."""
        oldest = min(started, key=started.__getitem__)
        left = started[oldest] + ANSWER_SECONDS - time.monotonic()
        try:
            return answers.get(timeout=max(0.0, left))
        except Empty:
            address = self._server.address
            return oldest, DeviceError(
                f"the server {address} gives no answer within {ANSWER_SECONDS:.0f} s",
                "Is it overloaded? Lower --batch-size, or raise its --max-running-requests.",
            )

    def _answer(self, answers: Answers, number: int, request: Request) -> None:
        """Puts the text of a request, or its error, among the answers."""
        try:
            answers.put((number, self._ask_again(request)))
        except MdocrError as error:
            answers.put((number, error))
        except Exception as error:  # else nobody would ever hear of this request
            answers.put((number, DeviceError(f"the request failed: {error!r}")))

    def _ask_again(self, request: Request) -> Generation:
        """Asks, again after each pause while the server is busy."""
        for pause in PAUSES:
            try:
                return self._ask(request)
            except BusyError:
                time.sleep(pause * random.uniform(0.5, 1.5))
        return self._ask(request)

    def _ask(self, request: Request) -> Generation:
        options = request.options
        body = {
            "model": self.name,
            "messages": messages(bytes(request.prompt).decode(), request.picture),
            "max_tokens": options.max_tokens,
            "temperature": options.temperature,
            **decoding(options),
        }
        text, truncated = self._server.complete(body)
        return Generation(_trimmed(text), (), (), (), passes=0, truncated=truncated)

    def _first_model(self) -> str:
        names = self._server.models()
        if not names:
            raise DeviceError(
                f"the server {self._server.address} offers no model",
                "Start it with the model, or name one with --model.",
            )
        return names[0]

    def _warn_of(self, options: BlockOptions) -> None:
        """Says once that the decoding options may have no effect."""
        plain = BlockOptions()
        same = (options.threshold, options.block_length, options.steps) == (
            plain.threshold,
            plain.block_length,
            plain.steps,
        )
        if same or self._warned:
            return
        self._warned = True
        logger.warning(
            "threshold, block length and steps are sent to the server, but SGLang takes its own: "
            "set them in the file of its --dllm-algorithm-config"
        )


class _NoTokens:
    """Stands for a tokenizer; the server does not report tokens."""

    def decode(self, tokens: Iterable[int]) -> str:
        """Nothing."""
        return ""


def messages(prompt: str, picture: str) -> list[dict[str, Any]]:
    """The chat of one prompt about an image, given as a ``data:`` URL."""
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
    """The settings of block diffusion, by the names that MinerU-Diffusion's servers use."""
    return {
        "skip_special_tokens": False,
        "denoising_strategy": "low_confidence_dynamic",
        "dynamic_threshold": options.threshold,
        "denoising_steps": options.steps or options.block_length,
        "block_length": options.block_length,
    }


def _data_url(image: Image.Image) -> str:
    """The image itself, as a PNG in a URL."""
    encoded = BytesIO()
    image.save(encoded, "PNG")
    return f"data:image/png;base64,{b64encode(encoded.getvalue()).decode()}"


def _trimmed(text: str) -> str:
    for stop in STOPS:
        text = text.partition(stop)[0]
    return text
