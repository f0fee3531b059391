"""Figures of a server, for Prometheus."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """Counts requests, pages and words."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "mdocr_requests", "Requests.", ("route", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "mdocr_request_seconds",
            "From a request to the end of its answer.",
            ("route",),
            registry=self._registry,
            buckets=BUCKETS,
        )
        self.pages = Counter("mdocr_pages", "Pages that were read.", registry=self._registry)
        self.failures = Counter(
            "mdocr_failures", "Pages, blocks and documents that failed.", registry=self._registry
        )
        self.words = Counter("mdocr_words", "Words that were read.", registry=self._registry)

    def count(self, route: str, status: int, seconds: float) -> None:
        """Takes a request that has ended."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def watch(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Adds a figure that is looked up when it is asked for."""
        Gauge(f"mdocr_{name}", text, registry=self._registry).set_function(value)

    def text(self) -> bytes:
        """All figures in the text format of Prometheus."""
        return generate_latest(self._registry)
