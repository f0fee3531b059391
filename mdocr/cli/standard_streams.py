"""The three streams of the program, whatever whoever started it has made of them."""

import io
import os
import sys


def settle() -> None:
    """Makes sure of the streams: their numbers are taken, and messages stop nothing.

    The number of a stream that is closed would be that of the next file or socket, which whoever
    prints would write to. Standard input and output that are closed stay None, which is told.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115, stays open
    elif isinstance(sys.stderr, io.TextIOWrapper):
        encoding, errors = sys.stderr.encoding, sys.stderr.errors
        sys.stderr = Messages(sys.stderr.detach(), encoding, errors, line_buffering=True)


class Messages(io.TextIOWrapper):
    """A stream of messages that whoever reads them may leave, as ``head`` does, without harm."""

    def write(self, text: str) -> int:
        """Writes a text, or drops it where nobody reads."""
        try:
            return super().write(text)
        except BrokenPipeError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        """Writes what is held back, or drops it where nobody reads."""
        try:
            super().flush()
        except BrokenPipeError:
            self._drop()

    def _drop(self) -> None:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, self.fileno())
        os.close(nothing)
