"""Requests whose pictures are encoded before the decoder draws them, with their CTC drafts.

Lines of one width are encoded together, however many the decoder takes at a time; and a line that
its draft settles is never shown to the decoder's model.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from mdocr.decoding.arrays import softmax
from mdocr.decoding.choices import on_host
from mdocr.decoding.line_drafts import ctc_reading, line_draft
from mdocr.decoding.requests import BlockOptions, Request, TokenDraft
from mdocr.engines.protocols import EncodedLine, LineEngine, all_encoded
from mdocr.preprocessing.formula_notation import is_level

Decode = Callable[[Sequence[int]], str]
"""Tokens to a text."""


class EncodedRequests(Iterator[Request]):
    """The same requests, in their order.

    Args:
        requests: of lines and formulas; may run dry, and go on later.
        engine: encodes their pictures.
        decode: tokens of a draft to its text.
        ahead: requests that are drawn and encoded together.
    """

    def __init__(
        self, requests: Iterator[Request], engine: LineEngine, decode: Decode, ahead: int
    ) -> None:
        self._requests = requests
        self._engine, self._decode = engine, decode
        self._ahead = ahead
        self._ready: deque[Request] = deque()

    def __next__(self) -> Request:
        """The next request; StopIteration means that there is none for the moment."""
        if not self._ready:
            self._ready += self._encoded(list(islice(self._requests, self._ahead)))
        if not self._ready:
            raise StopIteration
        return self._ready.popleft()

    def _encoded(self, requests: list[Request]) -> Iterator[Request]:
        pictured = [one for one in requests if one.picture is not None]
        made = all_encoded([one.picture for one in pictured], self._engine.encode_lines)
        lines = iter(made)
        return (one if one.picture is None else self._with(one, next(lines)) for one in requests)

    def _with(self, request: Request, line: EncodedLine) -> Request:
        frames = tuple(on_host(line.positions).tolist())
        return replace(request, picture=line, draft=self._draft_of(request, line), frames=frames)

    def _draft_of(self, request: Request, line: EncodedLine) -> TokenDraft:
        options = request.options
        if options.draft == "none" or len(request.stop_ids) != 1:
            return request.draft
        (stop_id,) = request.stop_ids
        probabilities = softmax(on_host(line.ctc_logits))
        if options.draft == "ctc-only":
            return ctc_reading(probabilities, stop_id)
        draft = line_draft(probabilities, stop_id, options.draft_threshold)
        if options.draft == "ctc-level" and not self._is_sure_row(draft, stop_id, options):
            return request.draft
        return draft

    def _is_sure_row(self, draft: TokenDraft, stop_id: int, options: BlockOptions) -> bool:
        """Whether a draft settles a formula, which the head reads from left to right."""
        is_sure = min(draft.confidences, default=0.0) >= options.draft_threshold
        is_whole = draft.tokens[-1:] == (stop_id,)
        return is_sure and is_whole and is_level(self._decode(draft.tokens))
