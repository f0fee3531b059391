"""A page model behind a server: what may go wrong on the way, and what must not be printed."""

import logging
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from chat_server import ChatServer
from PIL import Image

from mdocr.decoding.requests import BlockOptions, Generation
from mdocr.engines import chat, server
from mdocr.engines.server import ServerPageModel
from mdocr.errors import DeviceError, MdocrError, UsageError
from mdocr.options import ParseOptions
from mdocr.parsing.texts import text_of

IMAGE = Image.new("RGB", (40, 20), "white")


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with ChatServer(lambda image, prompt: "Some words") as running:
        yield running


def ask(model: ServerPageModel, options: BlockOptions | None = None) -> Generation | MdocrError:
    requests = iter([model.request(IMAGE, "text", options or BlockOptions())])
    ((_, made),) = model.denoise(requests, 4)
    return made


def failure(model: ServerPageModel) -> DeviceError:
    made = ask(model)
    assert isinstance(made, DeviceError)
    return made


def test_a_text(served: ChatServer) -> None:
    for suffix in ("", "/", "/v1", "/v1/chat/completions"):
        model = ServerPageModel(served.url + suffix)
        assert model.name == "mineru-diffusion"
        made = ask(model)
        assert isinstance(made, Generation)
        assert (made.text, made.tokens, made.truncated) == ("Some words", (), False)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(served: ChatServer, status: int) -> None:
    with ChatServer(lambda image, prompt: "stolen") as other:
        model = ServerPageModel(served.url)
        served.headers = {"Location": f"http://user:secret@{other.url[7:]}/v1/chat/completions"}
        served.statuses = [status]
        error = failure(model)
        assert not other.keys
    assert "redirects to 127.0.0.1" in error.message
    assert "secret" not in str(error)


def test_long_answers_are_not_read_to_the_end(
    served: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat, "MAX_BYTES", 1 << 20)
    served.answer = lambda image, prompt: "x" * (2 << 20)
    assert "longer than 1 MiB" in failure(ServerPageModel(served.url)).message


def test_compressed_answers_are_refused(served: ChatServer) -> None:
    model = ServerPageModel(served.url)
    served.headers = {"Content-Encoding": "gzip"}
    assert "compressed" in failure(model).message


def test_a_server_that_hangs_fails_its_request(
    served: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = threading.Event()

    def hang(image: Image.Image, prompt: str) -> str:
        end.wait(30)
        return ""

    served.answer = hang
    monkeypatch.setattr(server, "ANSWER_SECONDS", 0.3)
    began = time.monotonic()
    assert "no answer within" in failure(ServerPageModel(served.url)).message
    assert time.monotonic() - began < 10
    end.set()


def test_a_server_that_trickles_is_left(
    served: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ServerPageModel(served.url)
    served.pause = 0.05
    monkeypatch.setattr(chat, "SECONDS", 0.5)
    assert "takes longer" in failure(model).message


@pytest.mark.parametrize("statuses", [[500], [503, 429]])
def test_a_busy_server_is_asked_again_after_growing_pauses(
    served: ChatServer, monkeypatch: pytest.MonkeyPatch, statuses: list[int]
) -> None:
    pauses: list[float] = []
    clock = SimpleNamespace(sleep=pauses.append, monotonic=time.monotonic)
    monkeypatch.setattr(server, "time", clock)
    model = ServerPageModel(served.url)
    served.statuses = list(statuses)
    assert isinstance(ask(model), Generation)
    assert len(pauses) == len(statuses)
    for pause, seconds in zip(pauses, server.PAUSES, strict=False):
        assert seconds / 2 <= pause <= seconds * 1.5
    served.statuses = [500] * 3
    assert "it answers 500" in failure(model).message


@pytest.mark.parametrize("answer", ["{}", '{"choices": []}', '{"choices": [{"message": 3}]}', "x"])
def test_answers_that_make_no_sense(
    served: ChatServer, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    model = ServerPageModel(served.url)
    monkeypatch.setattr(chat.ChatServer, "_read", lambda *_: answer.encode())
    assert failure(model).exit_code == 6


def test_credentials_are_sent_but_not_printed(
    served: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        address = served.url.replace("//", "//me:s%65cret@")
        model = ServerPageModel(address)
        served.statuses = [403]
        error = failure(model)
    assert served.keys == ["Basic bWU6c2VjcmV0"]
    assert "403" in error.message and "secret" not in str(error) and "me:" not in str(error)
    assert "s%65cret" not in caplog.text and "secret" not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:9",
        "ftp://127.0.0.1",
        "http://",
        "http://[::1",
        "http://me:secret@127.0.0.1:port",
        "http://127.0.0.1:9/v1?api_key=secret",
    ],
)
def test_addresses_that_make_no_sense(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        ServerPageModel(url, "any")
    assert "secret" not in str(caught.value)


def test_offline_mode_forbids_servers_too(
    served: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub.errors import OfflineModeIsEnabled

    class Offline:
        def stream(self, *_: object, **__: object) -> None:
            raise OfflineModeIsEnabled("offline")

    monkeypatch.setattr("huggingface_hub.get_session", Offline)
    with pytest.raises(DeviceError) as caught:
        ServerPageModel(served.url)
    assert "Unset HF_HUB_OFFLINE" in caught.value.hint


def test_options_of_decoding_may_have_no_effect(
    served: ChatServer, caplog: pytest.LogCaptureFixture
) -> None:
    model = ServerPageModel(served.url)
    ask(model)
    assert not caplog.records
    for _ in range(2):
        ask(model, BlockOptions(threshold=0.6))
    assert caplog.text.count("--dllm-algorithm-config") == 1


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("A table of contents " + "." * 120, None),
        ("Some words" + " and so on" * 40, "Some words and so on"),
        ("Some words" + "\n| a | b |" * 9, None),
    ],
)
def test_repetitions_are_cut_off(served: ChatServer, text: str, kept: str | None) -> None:
    served.answer = lambda image, prompt: text
    model = ServerPageModel(served.url)
    made = ask(model)
    assert isinstance(made, Generation)
    found = text_of(made, model, ParseOptions().longest("text"), trace=False)
    assert found.content == (kept or text)
    assert bool(found.notes) == (kept is not None)


def test_texts_that_are_cut_are_reported(served: ChatServer) -> None:
    served.cut = True
    model = ServerPageModel(served.url)
    made = ask(model)
    assert isinstance(made, Generation) and made.truncated
    (note,) = text_of(made, model, 1024, trace=False).notes
    assert "longer than 1024 tokens" in note
