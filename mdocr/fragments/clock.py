"""A limit to the work on one page."""

import time

from mdocr.errors import TimeLimitError


class Clock:
    """Counts the seconds that this thread computes; what other programs take does not count.

    Args:
        seconds: the most that may pass.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.thread_time() + seconds

    def check(self) -> None:
        """Called between the steps of the work.

        Raises:
            TimeLimitError: it has taken too long.
        """
        if time.thread_time() >= self._end:
            raise TimeLimitError(
                f"timeout: the layout of the page takes more than {self._seconds:g} s of computing",
                "Read parts of it, or use a model that needs no lines: --model mineru-diffusion",
            )
