"""Addresses as they may be printed."""

import re


def without_credentials(text: str) -> str:
    """A text whose URLs have lost user name, password and query, which may hold a signature."""
    bare = re.sub(r"(\w+://)[^/\s@]*@", r"\1", text)
    return re.sub(r"(\w+://[^\s?]*)\?\S*", r"\1", bare)
