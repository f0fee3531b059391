"""Finds files on the Hugging Face hub: where they are, their sizes and their hashes."""

import os
from collections.abc import Callable
from typing import Any

from mdocr.errors import WeightsError
from mdocr.weights.transfer import (
    RemoteFile,
    UnreachableError,
    is_temporary,
    reason_of,
    refuse,
    require_online,
    transport_errors,
    wait_or_give_up,
)
from mdocr.weights.urls import without_credentials


def locate(repo: str, path: str, revision: str = "main") -> RemoteFile:
    """Asks the hub (``HF_ENDPOINT``) for a file of a repository.

    Raises:
        UnreachableError: there is no connection, or offline mode is on.
        WeightsError: the hub refuses, or has no such file.
    """
    import huggingface_hub
    from huggingface_hub import constants
    from huggingface_hub.errors import HfHubHTTPError

    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or constants.ENDPOINT
    url = huggingface_hub.hf_hub_url(repo, path, revision=revision, endpoint=endpoint)
    label = f"{repo}/{path}"
    require_online(url)
    try:
        found = _retried(lambda: huggingface_hub.get_hf_file_metadata(url, endpoint=endpoint))
    except HfHubHTTPError as error:
        refuse(error.response.status_code, label, endpoint)
    if found.size is None:
        raise WeightsError(
            f"{without_credentials(endpoint)} does not report the size of {label}",
            "Is HF_ENDPOINT right? It must be a hub, or a mirror of one.",
        )
    commit = found.commit_hash or revision
    url = huggingface_hub.hf_hub_url(repo, path, revision=commit, endpoint=endpoint)
    return RemoteFile(url, label, found.size, found.etag or "", commit)


def _retried(ask: Callable[[], Any]) -> Any:
    """Repeats a request to the hub while it is merely busy."""
    from huggingface_hub.errors import HfHubHTTPError

    failures = 0
    while True:
        try:
            return ask()
        except HfHubHTTPError as error:
            if not is_temporary(error.response.status_code):
                raise
            failures += 1
            wait_or_give_up(failures, str(error.response.url), error)
        except transport_errors() as error:
            raise UnreachableError(f"cannot reach the hub: {reason_of(error)}") from error
