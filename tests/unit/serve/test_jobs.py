"""Jobs: state, progress, result, end."""

import json
import threading
from collections.abc import Iterator

import httpx
import pytest
from serving import parse, served, until


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served(seconds=0.2, max_jobs=2) as client:
        yield client


def start(client: httpx.Client, text: str, **fields) -> str:
    answer = client.post("/v1/jobs", files={"file": ("a.pdf", text)}, data=fields)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
    return answer.headers["location"]


def ended(client: httpx.Client, job: str) -> dict:
    until(lambda: client.get(job).json()["state"] not in ("waiting", "reading"))
    return client.get(job).json()


def test_a_job_is_read_while_nobody_waits(client):
    job = start(client, "one\nrefuse\nthree", format="txt")
    assert client.get(f"{job}/result").status_code == 409
    state = ended(client, job)
    assert (state["state"], state["pages"], state["read"], state["failures"]) == ("done", 3, 3, 1)
    result = client.get(f"{job}/result")
    assert result.text.split() == ["one", "three"]
    assert result.headers["mdocr-failures"] == "1"


def test_progress_is_sent_until_the_end(client):
    job = start(client, "one\ntwo\nthree")
    with client.stream("GET", f"{job}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in stream.iter_lines() if line.startswith("data: ")]
    told = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert told[-1]["state"] == "done"
    assert [one["read"] for one in told] == sorted(one["read"] for one in told)
    assert len({one["read"] for one in told}) > 1


def test_a_job_that_fails_says_why(client):
    job = start(client, "refuse")
    assert ended(client, job)["error"]["message"] == "refused"
    answer = client.get(f"{job}/result")
    assert (answer.status_code, answer.json()["error"]["message"]) == (422, "refused")


def test_a_deleted_job_frees_its_work(client):
    job = start(client, "hang")
    until(lambda: client.get(job).json()["state"] == "reading")
    assert client.delete(job).status_code == 204
    assert client.get(job).status_code == client.delete(job).status_code == 404
    until(lambda: client.desk.unread == 0 and not any(client.uploads.folder.iterdir()))
    assert parse(client, "one").status_code == 200


def test_only_the_latest_jobs_are_kept(client):
    jobs = [start(client, "one") for _ in range(4)]
    for job in jobs[2:]:
        assert ended(client, job)["state"] == "done"
    until(lambda: client.desk.unread == 0)
    assert [client.get(job).status_code for job in jobs] == [404, 404, 200, 200]


def test_jobs_are_kept_for_a_time():
    with served(keep_seconds=0.2) as client:
        job = start(client, "one")
        until(lambda: client.get(job).status_code == 404)


def test_jobs_take_room_in_the_queue():
    with served(seconds=0.5, max_queue=1) as client:
        for _ in range(2):
            start(client, "one\n" * 20)
        assert parse(client, "one").status_code == 429
        assert client.get("/health").status_code == 200


def test_the_end_of_the_server_ends_jobs_and_who_watches_them():
    told: list[dict] = []

    def watch(address: str) -> None:
        with httpx.stream("GET", address, timeout=60, trust_env=False) as stream:
            lines = [line for line in stream.iter_lines() if line.startswith("data: ")]
        told.extend(json.loads(line.removeprefix("data: ")) for line in lines)

    with served() as client:
        job = start(client, "hang")
        thread = threading.Thread(target=watch, args=(f"{client.base_url}{job}/events",))
        thread.start()
        until(lambda: client.get(job).json()["state"] == "reading")
    thread.join(20)
    assert told[-1]["state"] == "cancelled"
