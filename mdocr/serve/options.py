"""What a server accepts, and how much of it."""

import ipaddress
from dataclasses import dataclass, field

from mdocr.errors import UsageError

LOOPBACK = "localhost"


@dataclass(frozen=True)
class ServeOptions:
    """What a server accepts, and how much of it.

    Attributes:
        host: address to listen on; other machines reach all but loopback.
        port: 0 for any that is free.
        token: what requests have to present; empty for none.
        max_bytes: of an uploaded file.
        max_pages: of a document.
        max_pixels: of a picture.
        max_queue: requests and jobs that wait for a worker; more are told to come again.
        timeout: seconds from a request to its answer; jobs have no such limit.
        max_jobs: finished jobs that are kept.
        keep_seconds: the longest that a finished job is kept.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str = field(default="", repr=False)
    max_bytes: int = 50_000_000
    max_pages: int = 500
    max_pixels: int = 120_000_000
    max_queue: int = 64
    timeout: float = 300
    max_jobs: int = 100
    keep_seconds: float = 3600

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_pages", "max_pixels", "max_queue", "max_jobs"):
            if (value := getattr(self, name)) < 1:
                raise UsageError(f"{name.replace('_', ' ')} must be at least 1, not {value}")
        for name in ("timeout", "keep_seconds"):
            if not (value := getattr(self, name)) > 0:
                raise UsageError(f"{name.replace('_', ' ')} must be above 0, not {value:g}")
        if not 0 <= self.port <= 65535:
            raise UsageError(f"port must be between 0 and 65535, not {self.port}")
        if not (self.token or is_loopback(self.host)):
            raise UsageError(
                f"other machines can reach {self.host}, so a token is required",
                "Give one with --token-file FILE or in MDOCR_TOKEN, or listen on 127.0.0.1.",
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == LOOPBACK
