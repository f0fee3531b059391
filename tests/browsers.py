"""A headless Chromium for the tests of pages."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("chromium and chromedriver are not installed")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = binary
    # Pages that glide move under the pointer: what is tested is where they come to rest.
    flags = "no-sandbox disable-dev-shm-usage force-prefers-reduced-motion"
    for flag in ("headless=new", "window-size=1200,800", *flags.split()):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield opened
    finally:
        opened.quit()


def requests(browser: Any, *own: str) -> list[str]:
    """Addresses that were asked for, other than those that begin with ``own``."""
    entries = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    sent = [e["params"] for e in entries if e["method"] == "Network.requestWillBeSent"]
    urls = [params["request"]["url"] for params in sent]
    return [url for url in urls if not url.startswith(("file:", "data:", "blob:", *own))]


def accessible(browser: Any) -> dict[str, list[str]]:
    """The names of what a screen reader is told, by role."""
    found: dict[str, list[str]] = {}
    for node in _told(browser):
        found.setdefault(node["role"]["value"], []).append(_name_of(node))
    return found


def focused(browser: Any) -> tuple[str, str]:
    """Role and name of what has the focus, as a screen reader is told."""
    last = ("", "")
    for node in _told(browser):
        if any(p["name"] == "focused" and p["value"]["value"] for p in node.get("properties", [])):
            last = node["role"]["value"], _name_of(node)
    return last


def _told(browser: Any) -> list[dict[str, Any]]:
    browser.execute_cdp_cmd("Accessibility.enable", {})
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    return [node for node in nodes if not node["ignored"]]


def _name_of(node: dict[str, Any]) -> str:
    return str(node.get("name", {}).get("value", ""))
