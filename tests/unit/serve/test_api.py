"""Every answer is as the server's own OpenAPI description says, whatever is asked."""

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from serving import parse, served, until

schemathesis = pytest.importorskip("schemathesis")

JOB = "/v1/jobs/{job_id}"
POSTS = [("/v1/parse", "POST"), ("/v1/recognize", "POST"), ("/v1/jobs", "POST")]
PARTS = ("result", "events", "pages")
JOBS = [(JOB, "GET"), *((f"{JOB}/{part}", "GET") for part in PARTS), (JOB, "DELETE")]
STATE = [("/", "GET"), ("/health", "GET"), ("/metrics", "GET")]
POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
QUICK = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
UNDECIDED = [
    schemathesis.checks.positive_data_acceptance,  # what is no document is refused
    schemathesis.checks.negative_data_rejection,  # in a form, 1 is a text too
]


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served(max_bytes=100_000, max_pages=5) as client:
        parse(client, "one")  # the worker is there
        yield client


@pytest.fixture(scope="module")
def api(client):
    return schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")


def test_all_routes_are_tested(api):
    routes = {(path, method.upper()) for path in api for method in api[path]}
    assert routes == {*POSTS, *JOBS, *STATE}


@pytest.mark.parametrize(
    ("path", "method", "mode"),
    [
        *[(*post, mode) for post in POSTS for mode in (POSITIVE, NEGATIVE)],
        *[(*route, POSITIVE) for route in (*JOBS, *STATE)],
    ],
)
def test_random_requests(api, path, method, mode):
    @QUICK
    @given(api[path][method].as_strategy(generation_mode=mode))
    def check(case) -> None:
        case.call_and_validate(excluded_checks=UNDECIDED, timeout=60)

    check()


def test_questions_about_a_job(api, client):
    job = client.post("/v1/jobs", files={"file": ("a.txt", "one")}).json()["id"]
    until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "done")
    for path, method in JOBS:
        answer = api[path][method].Case(path_parameters={"job_id": job}).call_and_validate()
        assert answer.status_code == (204 if method == "DELETE" else 200)
