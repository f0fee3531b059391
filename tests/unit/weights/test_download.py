"""Downloads from a hub on this machine: resumed, checked, whole, and with errors that help."""

import json
import os

import pytest
from hub_server import COMMIT

from mdocr.errors import WeightsError
from mdocr.weights import cache, transfer
from mdocr.weights.cache import CachedModel
from mdocr.weights.download import download
from mdocr.weights.registry import INDEX, MODELS
from mdocr.weights.urls import without_credentials

BASE = MODELS["mdiff4str-base"]
BASE_FILE = "topdu/MDiff4STR/mdiff4str_base/best.pth"
CONTENT = os.urandom(300_000)
PARSER = MODELS["mineru-diffusion"]


@pytest.fixture
def base(hub_server):
    hub_server.files[BASE_FILE] = CONTENT
    return hub_server


def part_files():
    return list(CachedModel(BASE).folder.glob("*.part"))


def test_a_download_is_whole_recorded_and_verified(base):
    folder = download(BASE)
    assert (folder / "best.pth").read_bytes() == CONTENT
    assert part_files() == []
    manifest = json.loads((folder / cache.MANIFEST).read_text())
    assert manifest["repo"] == "topdu/MDiff4STR"
    assert manifest["revision"] == COMMIT
    assert manifest["files"]["best.pth"]["size"] == len(CONTENT)
    assert CachedModel(BASE).verify() == ([], [])
    assert COMMIT in base.asked("GET", "best.pth")[0].path


def test_a_cut_connection_is_taken_up_where_it_broke(base):
    base.cuts = [100_000, 50_000]
    download(BASE)
    ranges = [request.range for request in base.asked("GET", "best.pth") if "else" in request.path]
    assert ranges == ["bytes=0-", "bytes=100000-", "bytes=150000-"]
    assert (CachedModel(BASE).folder / "best.pth").read_bytes() == CONTENT


def test_a_later_run_goes_on_from_what_an_earlier_one_left(base):
    base.cuts = [70_000] + [0] * (transfer.RETRIES + 1)
    with pytest.raises(WeightsError, match="cannot download"):
        download(BASE)
    assert [path.stat().st_size for path in part_files()] == [70_000]
    assert not CachedModel(BASE).installed
    base.requests.clear()
    download(BASE)
    assert base.asked("GET", "best.pth")[-1].range == "bytes=70000-"
    assert CachedModel(BASE).installed


def test_a_partial_file_of_another_version_is_not_gone_on_with(base):
    base.cuts = [70_000] + [0] * (transfer.RETRIES + 1)
    with pytest.raises(WeightsError):
        download(BASE)
    base.files[BASE_FILE] = newer = os.urandom(200_000)
    download(BASE)
    assert (CachedModel(BASE).folder / "best.pth").read_bytes() == newer
    assert part_files() == []


def test_a_server_that_cannot_start_in_the_middle_is_read_from_the_start(base):
    base.cuts, base.ignore_range = [100_000], True
    download(BASE)
    assert (CachedModel(BASE).folder / "best.pth").read_bytes() == CONTENT


def test_a_busy_server_is_asked_again(base):
    base.busy = 2
    download(BASE)
    assert CachedModel(BASE).installed


@pytest.mark.parametrize("wrong", [CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]), bytes(400_000)])
def test_wrong_bytes_are_removed_and_said(base, wrong):
    base.sent[BASE_FILE] = wrong
    with pytest.raises(WeightsError, match=r"damaged: its sha256 is .* it was removed"):
        download(BASE)
    assert part_files() == []
    assert not CachedModel(BASE).installed


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (401, "refuses access to topdu/MDiff4STR/mdiff4str_base/best.pth", "HF_TOKEN"),
        (403, "refuses access to topdu/MDiff4STR/mdiff4str_base/best.pth", "HF_TOKEN"),
        (404, "has no file topdu/MDiff4STR/mdiff4str_base/best.pth", "HF_ENDPOINT"),
    ],
)
def test_a_refusal_says_what_to_do(base, status, message, hint):
    base.statuses[BASE_FILE] = status
    with pytest.raises(WeightsError) as caught:
        download(BASE)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.exit_code == 4


def test_the_token_goes_to_the_hub_and_not_to_another_host(base, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    download(BASE)
    for request in base.requests:
        expected = "" if request.path.startswith("/elsewhere") else "Bearer hf_secret"
        assert request.authorization == expected
    assert len(base.requests) == 3


def test_offline_mode_asks_nobody_and_says_how_to_go_on(base, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(WeightsError, match="offline") as caught:
        download(BASE)
    assert "mdocr models download mdiff4str-base" in caught.value.hint
    assert str(CachedModel(BASE).folder) in caught.value.hint
    assert base.requests == []


def test_without_a_network_the_hint_is_the_same(cache_folder, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    with pytest.raises(WeightsError, match="cannot reach the hub") as caught:
        download(BASE)
    assert "where there is a network" in caught.value.hint


def test_no_room_on_the_disk_is_said_before_the_download(base, monkeypatch):
    monkeypatch.setattr(transfer.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(WeightsError, match=r"needs 0 MB, but only 0 MB are free") as caught:
        download(BASE)
    assert "MDOCR_CACHE" in caught.value.hint


def test_a_folder_that_cannot_be_written(base, cache_folder):
    cache_folder.write_text("a file where the folder should be")
    with pytest.raises(WeightsError, match="cannot make the folder"):
        download(BASE)


def test_progress_is_shown_to_whoever_asked(base):
    base.cuts = [100_000]
    seen = []

    class Show:
        def __init__(self, label, done, total):
            seen.append((label, done, total))

        def __enter__(self):
            return seen.append

        def __exit__(self, *_):
            pass

    token = transfer.show_transfer.set(Show)
    try:
        download(BASE)
    finally:
        transfer.show_transfer.reset(token)
    assert seen[0] == ("topdu/MDiff4STR/mdiff4str_base/best.pth", 0, len(CONTENT))
    assert sum(seen[1:]) == len(CONTENT)


def parser_files(hub_server):
    shards = {"model-1.safetensors": b"one" * 1000, "model-2.safetensors": b"two" * 999}
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    files = {name: b'{"name": "%s"}' % name.encode() for name in PARSER.files} | shards
    files[INDEX] = json.dumps(index).encode()
    hub_server.files |= {f"{PARSER.repo}/{name}": content for name, content in files.items()}
    return files


def test_a_sharded_model_comes_with_its_shards_from_one_commit(hub_server):
    files = parser_files(hub_server)
    folder = download(PARSER)
    for name, content in files.items():
        assert (folder / name).read_bytes() == content
    assert CachedModel(PARSER).installed
    assert CachedModel(PARSER).path == folder
    later = [r.path for r in hub_server.asked("HEAD", "") if INDEX not in r.path]
    assert later
    assert all(f"/resolve/{COMMIT}/" in path for path in later)


def test_a_sharded_model_goes_on_with_the_files_that_are_missing(hub_server):
    parser_files(hub_server)
    second = f"{PARSER.repo}/model-2.safetensors"
    hub_server.statuses[second] = 404
    with pytest.raises(WeightsError, match=r"has no file .*model-2"):
        download(PARSER)
    assert not CachedModel(PARSER).installed
    del hub_server.statuses[second]
    hub_server.requests.clear()
    download(PARSER)
    assert {r.path.rsplit("/", 1)[1] for r in hub_server.requests} == {
        "model-2.safetensors",
        *PARSER.optional,
    }


def test_the_code_that_the_settings_name_comes_too(hub_server):
    parser_files(hub_server)
    files = {
        "config.json": b'{"auto_map": {"AutoConfig": "a.Config", "AutoModel": "o/r--b.Model",'
        b' "AutoTokenizer": ["t.Slow", null], "Bad": "../../evil.Model"}}',
        "a.py": b"import torch\nfrom .c import layer\nfrom ..d import no\n",
        "c.py": b"    from .a import Config\n",
        "t.py": b"",
    }
    hub_server.files |= {f"{PARSER.repo}/{name}": content for name, content in files.items()}
    folder = download(PARSER)
    assert {path.name for path in folder.glob("*.py")} == {"a.py", "c.py", "t.py"}
    assert CachedModel(PARSER).verify() == ([], [])
    assert not any("evil" in request.path for request in hub_server.requests)


def test_small_files_are_checked_by_their_git_name(hub_server):
    parser_files(hub_server)
    name = f"{PARSER.repo}/config.json"
    hub_server.sent[name] = bytes(len(hub_server.files[name]))
    with pytest.raises(WeightsError, match="damaged: its sha1"):
        download(PARSER)


@pytest.mark.parametrize("names", [["../../evil.safetensors"], [1], "text"])
def test_an_index_cannot_name_files_elsewhere(tmp_path, names):
    weight_map = dict(enumerate(names)) if isinstance(names, list) else names
    index = tmp_path / INDEX
    index.write_text(json.dumps({"weight_map": weight_map}))
    with pytest.raises(WeightsError):
        cache.shards(index)


def test_a_chinese_model_comes_with_its_list_of_keys(hub_server, monkeypatch):
    keys = "\n".join(chr(0x4E00 + i) for i in range(100)).encode()
    monkeypatch.setattr(cache, "CHARSET_BYTES", len(keys))
    model = MODELS["mdiff4str-base-ch"]
    hub_server.files["topdu/MDiff4STR/mdiff4str_base_ch/best.pth"] = CONTENT
    hub_server.files["plain/ppocr_keys_v1.txt"] = keys
    with pytest.raises(WeightsError, match=r"ppocr_keys_v1.txt arrived damaged"):
        download(model)
    assert not CachedModel(model).installed
    monkeypatch.setattr(cache, "CHARSET_SHA256", __import__("hashlib").sha256(keys).hexdigest())
    download(model)
    assert cache.charset_path().read_bytes() == keys
    assert CachedModel(model).installed


def test_what_is_there_is_not_asked_for_again(base):
    download(BASE)
    base.requests.clear()
    download(BASE)
    assert base.requests == []


def test_a_model_of_the_package_that_is_not_there(cache_folder, monkeypatch, tmp_path):
    monkeypatch.setattr(cache, "assets_dir", lambda: tmp_path)
    with pytest.raises(WeightsError, match="not in this installation"):
        download(MODELS["mdiff4str-lite"])


def test_what_a_server_sends_beyond_the_end_is_not_read(base):
    base.sent[BASE_FILE] = CONTENT + bytes(50_000_000)
    download(BASE)
    assert (CachedModel(BASE).folder / "best.pth").read_bytes() == CONTENT


def test_a_transfer_that_hardly_moves_is_given_up(base, monkeypatch):
    monkeypatch.setattr(transfer, "LEAST_SECONDS", 0.2)
    monkeypatch.setattr(transfer, "BACKOFF_SECONDS", 0.03)
    base.cuts = [1] * 10_000  # each attempt brings something, so none of them counts as a failure
    with pytest.raises(WeightsError, match="hardly moves") as caught:
        download(BASE)
    assert "mdocr models download" in caught.value.hint
    assert len(base.cuts) > 9_900
    assert [path.stat().st_size for path in part_files()] == [10_000 - len(base.cuts)]


def test_a_file_that_arrives_compressed_is_refused(base):
    base.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(WeightsError, match="compressed"):
        download(BASE)


def test_a_configuration_of_any_size_is_refused(hub_server, monkeypatch):
    monkeypatch.setattr("mdocr.weights.download.LARGEST_JSON", 20)
    parser_files(hub_server)
    with pytest.raises(WeightsError, match="too many for its kind"):
        download(PARSER)
    assert not hub_server.asked("GET", INDEX)


def test_addresses_are_printed_without_credentials(base, monkeypatch):
    address = base.url.replace("//", "//me:secret@")
    monkeypatch.setenv("HF_ENDPOINT", address)
    base.statuses[BASE_FILE] = 403
    with pytest.raises(WeightsError, match="refuses access") as caught:
        download(BASE)
    assert "secret" not in str(caught.value)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(WeightsError, match="offline") as caught:
        download(BASE)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("at https://me:pw@host:8/a?sig=x end", "at https://host:8/a end"),
        ("http://host/path", "http://host/path"),
        ("mail me@host.org", "mail me@host.org"),
    ],
)
def test_credentials_are_taken_out_of_texts(text, bare):
    assert without_credentials(text) == bare


def test_a_release_of_a_single_file(hub_server):
    repo = PARSER.repo
    names = ["model.safetensors", *PARSER.files[1:]]
    for name in names:
        hub_server.files[f"{repo}/{name}"] = name.encode()
    folder = download(PARSER)
    assert {file.name for file in folder.iterdir()} == {*names, cache.MANIFEST}
    assert CachedModel(PARSER).installed
    assert CachedModel(PARSER).verify() == ([], [])
    (folder / "model.safetensors").unlink()
    assert not CachedModel(PARSER).installed
