"""Documents and words over HTTP: answers, limits, and what happens when things go wrong."""

import asyncio
import base64
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from serving import is_alive, parse, served, until

from mdocr.document.model import Failure
from mdocr.errors import InputError
from mdocr.serve.gate import Gate
from mdocr.serve.metrics import Metrics
from mdocr.serve.options import ServeOptions
from mdocr.serve.pace import FIRST, answers_until_half
from mdocr.serve.uploads import Upload


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served(max_bytes=100_000, max_pages=5) as client:
        yield client


def error_of(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    assert set(answer.json()["error"]) == {"message", "hint"}
    return answer.json()["error"]["message"]


def test_a_document_is_read_and_named_as_the_client_names_it(client):
    answer = client.post("/v1/parse", files={"file": ("/etc/my scan.pdf", "one\ntwo")})
    assert answer.status_code == 200
    record = answer.json()
    assert record["source"]["path"] == "my scan.pdf"
    assert [page["blocks"][0]["content"] for page in record["pages"]] == ["one", "two"]
    assert answer.headers["mdocr-failures"] == "0"


def test_json_with_base64_reads_the_same(client):
    content = base64.b64encode(b"one\ntwo").decode()
    answer = client.post("/v1/parse", json={"file": content, "format": "md"})
    assert answer.text.split() == ["one", "two"]
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"


def test_a_word_is_read(client):
    answer = client.post("/v1/recognize", files={"file": ("w.png", "word")})
    assert (answer.json()["text"], answer.json()["path"]) == ("word", "w.png")


def test_no_file_is_left_behind_and_none_of_the_client_is_opened(client, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    answer = client.post("/v1/parse", files={"file": (str(secret), "mine")})
    assert "secret" not in answer.json()["pages"][0]["blocks"][0]["content"]
    until(lambda: not any(client.uploads.folder.iterdir()))


def test_failures_of_pages_are_told_and_the_others_are_read(client):
    answer = parse(client, "one\nrefuse\nthree")
    assert [page["number"] for page in answer.json()["pages"]] == [1, 3]
    assert [failure["page"] for failure in answer.json()["failures"]] == [2]
    assert parse(client, "one\nrefuse", format="txt").headers["mdocr-failures"] == "1"


@pytest.mark.parametrize(
    ("text", "fields", "status", "message"),
    [
        ("", {}, 422, "empty"),
        ("refuse", {}, 422, "refused"),
        ("x\n" * 6, {}, 413, "the document has more than 5 pages"),
        ("x" * 100_001, {}, 413, "the file has more than 100,000 bytes"),
        ("x" * 2_000_000, {}, 413, "the request has more than"),
        ("x", {"format": "docx"}, 400, "unknown format 'docx'"),
        ("x", {"format": "pdf"}, 400, "unknown format 'pdf'"),
        ("x", {"threshold": "2"}, 400, "threshold"),
        ("x", {"path": "/etc/passwd"}, 400, "path"),
    ],
)
def test_what_is_refused_is_told_in_one_form(client, text, fields, status, message):
    assert message in error_of(parse(client, text, **fields), status)
    assert not any(client.uploads.folder.iterdir())


def test_bodies_without_a_length_are_limited_too(client):
    pieces = (b"x" * 100_000 for _ in range(20))
    headers = {"content-type": "application/json"}
    answer = client.post("/v1/parse", content=pieces, headers=headers)
    assert "more than" in error_of(answer, 413)


@pytest.mark.parametrize(
    ("request_of", "status"),
    [
        (lambda c: c.post("/v1/parse", content=b"x"), 400),
        (lambda c: c.post("/v1/parse", data={"format": "md"}), 400),
        (lambda c: c.post("/v1/parse", json={"file": "not base64!"}), 400),
        (lambda c: c.post("/v1/parse", json=[1]), 400),
        (lambda c: c.post("/v1/parse", files={"file": ("a", b"x"), "format": ("b", b"y")}), 400),
        (lambda c: c.post("/v1/recognize", files={"file": ("a", b"refuse")}), 422),
        (lambda c: c.get("/v1/parse"), 405),
        (lambda c: c.get("/nothing"), 404),
        (lambda c: c.get("/health", headers={"host": "evil.example"}), 403),
    ],
)
def test_nonsense_is_told_in_one_form(client, request_of, status):
    error_of(request_of(client), status)


def test_messages_name_no_path_of_the_server(client):
    answer = client.post("/v1/recognize", files={"file": ("w.png", "refuse")})
    assert error_of(answer, 422) == "w.png is no picture"


@pytest.mark.parametrize(
    ("hint", "told"),
    [
        ("Give the right one with --password.", "Give the right one with 'password'."),
        ("Use --dtype float32.", "On the command line: Use --dtype float32."),
        ("/tmp/upload-1 is there.", "scan.pdf is there."),
    ],
)
def test_hints_name_what_a_client_can_change(hint, told):
    upload = Upload(1, Path("/tmp/upload-1"), "scan.pdf")
    assert upload.renamed(InputError("no", hint)).hint == told
    assert upload.shown(Failure("no", hint=hint)).hint == told


def test_health_metrics_and_openapi(client):
    parse(client, "one")
    assert client.get("/health").json()["status"] == "ok"
    assert 'mdocr_requests_total{route="/v1/parse",status="200"}' in client.get("/metrics").text
    paths = client.get("/openapi.json").json()["paths"]
    body = paths["/v1/parse"]["post"]["requestBody"]["content"]
    assert body["multipart/form-data"]["schema"]["required"] == ["file"]
    assert "429" in paths["/v1/parse"]["post"]["responses"]


def test_a_page_that_kills_its_worker_costs_itself(client):
    answer = parse(client, "one\ncrash\nthree")
    assert [page["number"] for page in answer.json()["pages"]] == [1, 3]
    assert "crashed" in answer.json()["failures"][0]["message"]
    assert parse(client, "one").status_code == 200


def test_a_token_is_required():
    with served(token="s3cret") as client:
        assert client.get("/health").status_code == 200
        assert client.get("/metrics").status_code == 401
        error_of(client.post("/v1/parse", files={"file": ("a", "x")}), 401)
        for wrong in ("Bearer S3CRET", "Bearer", "Basic s3cret", "Bearer é"):
            headers = {"authorization": wrong.encode()}
            assert client.get("/metrics", headers=headers).status_code == 401
        client.headers["authorization"] = "Bearer s3cret"
        assert parse(client, "one").status_code == 200


def test_a_full_queue_says_when_to_come_again():
    with served(seconds=0.5, max_queue=1) as client:
        answers: list[httpx.Response] = []
        threads = [
            threading.Thread(target=lambda: answers.append(parse(client, "one"))) for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        told = sorted(answer.status_code for answer in answers)
        assert told[:2] == [200, 200]
        assert told[-1] == 429
        (refused, *_) = (answer for answer in answers if answer.status_code == 429)
        assert int(refused.headers["retry-after"]) >= 1
        assert "queue" in error_of(refused, 429)


@pytest.mark.parametrize(("seconds", "told"), [(0, 1), (12.2, 13), (1e9, 300)])
def test_a_full_queue_tells_how_long_it_will_be_full(seconds, told):
    options = ServeOptions(max_queue=4)
    gate = Gate(FastAPI(), options, Metrics(), lambda: 5, 1, lambda: seconds)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(gate)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.post("/v1/parse")

    refused = asyncio.run(ask())
    assert refused.headers["retry-after"] == str(told)
    assert f"{told} s" in refused.json()["error"]["hint"]


def test_the_time_until_there_is_room_is_that_of_the_pages_that_wait():
    with served(seconds=0.1, max_pages=100) as client:
        assert client.desk.seconds_until_room() == 0
        thread = threading.Thread(target=parse, args=(client, "page\n" * 10))
        thread.start()
        until(lambda: client.desk.seconds_until_room() > 5 * client.desk.pace.seconds)
        thread.join()
        assert client.desk.pace.seconds != FIRST
        assert client.desk.seconds_until_room() == 0


@pytest.mark.parametrize(
    ("left", "answers"), [([], 0), ([1], 1), ([1, 1, 9], 3), ([1, 5, 9], 11), ([500, 1], 2)]
)
def test_half_of_the_requests_that_take_turns_end_after(left, answers):
    assert answers_until_half(left) == answers


def test_a_client_that_goes_away_frees_its_work():
    with served() as client:
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/parse", files={"file": ("a", "hang")}, timeout=3)
        until(lambda: client.desk.unread == 0 and not any(client.uploads.folder.iterdir()))
        assert parse(client, "one").status_code == 200


def test_a_request_ends_at_its_time():
    with served(timeout=1) as client:
        assert "more than 1 s" in error_of(parse(client, "hang"), 504)
        until(lambda: client.desk.unread == 0)


def test_a_killed_worker_is_replaced_and_nothing_is_lost():
    with served(seconds=1) as client:
        parse(client, "one")
        (pid,) = client.desk.pids
        timer = threading.Timer(0.5, os.kill, (pid, signal.SIGKILL))
        timer.start()
        answer = parse(client, "one\ntwo")
        timer.join()
        assert not is_alive(pid)
        assert [page["blocks"][0]["content"] for page in answer.json()["pages"]] == ["one", "two"]
        assert answer.headers["mdocr-failures"] == "0"


def test_a_long_document_does_not_hold_up_a_word():
    with served(seconds=0.3, max_pages=100) as client:
        thread = threading.Thread(target=parse, args=(client, "page\n" * 20))
        thread.start()
        until(lambda: client.desk.unread == 1)
        answer = client.post("/v1/recognize", files={"file": ("w.png", "word")})
        assert answer.json()["text"] == "word"
        assert client.desk.unread == 1  # the document is still being read
        thread.join()


def words(client: httpx.Client, texts: list[str]) -> list[httpx.Response]:
    """The answers to requests that wait together, while a page is read."""
    with ThreadPoolExecutor(1 + len(texts)) as pool:
        page = pool.submit(parse, client, "one\ntwo")
        until(lambda: client.desk.unread == 1)
        files = ({"file": ("w.png", text)} for text in texts)
        asked = [pool.submit(client.post, "/v1/recognize", files=file) for file in files]
        page.result()
        return [one.result() for one in asked]


def test_words_that_wait_are_read_together():
    with served(seconds=1, max_queue=40) as client:
        assert (
            client.post("/v1/recognize", files={"file": ("w.png", "count")}).json()["text"] == "1"
        )
        answers = words(client, ["count"] * 5 + ["refuse"])
        counts = [int(answer.json()["text"]) for answer in answers[:5]]
        assert max(counts) > 1
        assert error_of(answers[5], 422) == "w.png is no picture"
        assert client.desk.unread == 0


def test_a_word_that_ends_its_worker_does_not_cost_those_that_were_read_with_it():
    with served(seconds=1, max_queue=40) as client:
        answers = words(client, ["one", "exit", "two"])
        assert [answer.status_code for answer in answers] == [200, 422, 200]
        assert [answers[n].json()["text"] for n in (0, 2)] == ["one", "two"]


def test_workers_end_with_the_server():
    with served() as client:
        parse(client, "one")
        pids = client.desk.pids
    assert pids
    until(lambda: not any(map(is_alive, pids)))
