"""What a ``--model`` option comes to, and what the cache holds."""

import pytest
import torch

from mdocr.engines import exported
from mdocr.errors import UsageError, WeightsError
from mdocr.parsing import loading
from mdocr.weights import cache, registry
from mdocr.weights.cache import CachedModel
from mdocr.weights.registry import BEST_FIRST, MODELS, find
from mdocr.weights.resolve import ResolvedModel, resolve


@pytest.fixture
def assets(tmp_path, cache_folder, monkeypatch):
    """A package whose lite word model is there, and an empty cache."""
    folder = tmp_path / "assets"
    folder.mkdir()
    (folder / "mdiff4str-lite.safetensors").touch()
    monkeypatch.setattr(cache, "assets_dir", lambda: folder)
    return folder


def install(name: str) -> None:
    model = MODELS[name]
    folder = CachedModel(model).folder
    folder.mkdir(parents=True, exist_ok=True)
    for file in model.files:
        (folder / file).write_text("{}" if file != registry.INDEX else '{"weight_map": {}}')


def test_the_names_and_where_they_are_published():
    folders = {name: model.folder for name, model in MODELS.items() if "MDiff" in model.repo}
    assert folders == {
        "mdiff4str-small": "mdiff4str_small",
        "mdiff4str-base": "mdiff4str_base",
        "mdiff4str-base-syn": "mdiff4str_base_syn",
        "mdiff4str-small-ch": "mdiff4str_small_ch",
        "mdiff4str-base-ch": "mdiff4str_base_ch",
    }
    assert MODELS["mineru-diffusion"].repo == "opendatalab/MinerU-Diffusion-V1-0320-2.5B"
    assert [name for name, model in MODELS.items() if model.packaged] == [
        "mdiff4str-lite",
        "mineru-diffusion-lite",
    ]


@pytest.mark.parametrize(
    ("name", "task", "full"),
    [
        ("lite", "recognizer", "mdiff4str-lite"),
        ("lite", "parser", "mineru-diffusion-lite"),
        ("base-ch", "recognizer", "mdiff4str-base-ch"),
        ("base-ch", None, "mdiff4str-base-ch"),
        ("mineru-diffusion", "parser", "mineru-diffusion"),
    ],
)
def test_short_names(name, task, full):
    assert find(name, task).name == full


def test_only_the_word_model_in_the_package_has_a_lexicon_of_its_own(assets):
    own = {name: model.lexicon for name, model in MODELS.items()}
    assert {name: found for name, found in own.items() if found != "none"} == {
        "mdiff4str-lite": "english"
    }
    assert resolve("auto", "recognizer").lexicon == "english"
    assert resolve("lite", "recognizer").lexicon == "english"
    path = assets / "mdiff4str-lite.safetensors"
    assert resolve(str(path), "recognizer").lexicon == "none"


def test_a_short_name_with_two_meanings():
    with pytest.raises(WeightsError, match="ambiguous") as caught:
        find("lite")
    assert "mdiff4str-lite or mineru-diffusion-lite" in caught.value.hint


def test_auto_takes_the_best_that_is_installed(assets):
    assert resolve("auto", "recognizer").name == "mdiff4str-lite"
    assert resolve("auto", "recognizer").path == assets / "mdiff4str-lite.safetensors"
    install("mdiff4str-base-ch")
    install("mdiff4str-base-syn")
    assert resolve("auto", "recognizer").name == "mdiff4str-lite"
    install("mdiff4str-small")
    assert resolve("auto", "recognizer").name == "mdiff4str-small"
    install("mdiff4str-base")
    found = resolve("auto", "recognizer")
    assert found.name == "mdiff4str-base"
    assert found.path == CachedModel(MODELS["mdiff4str-base"]).folder / "best.pth"


def test_auto_for_pages_gives_a_folder(assets):
    install("mineru-diffusion-lite")
    assert resolve("auto", "parser").path == assets / "mineru-diffusion-lite"
    install("mineru-diffusion")
    assert resolve("auto", "parser").path == CachedModel(MODELS["mineru-diffusion"]).folder


@pytest.mark.parametrize(
    ("device", "gpu", "chosen"),
    [
        ("cpu", True, "mineru-diffusion-lite"),
        ("auto", False, "mineru-diffusion-lite"),
        ("auto", True, "mineru-diffusion"),
        ("cuda", True, "mineru-diffusion"),
    ],
)
def test_auto_takes_the_large_model_only_where_it_is_fast(
    assets, monkeypatch, caplog, device, gpu, chosen
):
    monkeypatch.setattr(exported, "may_have_gpu", lambda: gpu)
    monkeypatch.setattr("mdocr.engines.device.choose_device", lambda: torch.device("cuda"))
    install("mineru-diffusion")
    install("mineru-diffusion-lite")
    loading._say_slow.cache_clear()
    for _ in range(2):
        assert loading.find_parser("auto", device).name == chosen
    assert loading.find_parser("mineru-diffusion", device).name == "mineru-diffusion"
    said = caplog.text.count("--model mineru-diffusion")
    assert said == (chosen != "mineru-diffusion")


def test_auto_takes_the_large_model_where_there_is_no_other(assets, monkeypatch):
    monkeypatch.setattr(exported, "may_have_gpu", lambda: False)
    install("mineru-diffusion")
    assert loading.find_parser("auto").name == "mineru-diffusion"


def test_auto_with_nothing_installed(assets):
    (assets / "mdiff4str-lite.safetensors").unlink()
    with pytest.raises(WeightsError, match="no recognizer is installed") as caught:
        resolve("auto", "recognizer")
    assert BEST_FIRST["recognizer"][0] in caught.value.hint


def test_a_path_is_used_as_it_is(assets, tmp_path):
    path = tmp_path / "mine.safetensors"
    path.touch()
    assert resolve(str(path), "recognizer") == ResolvedModel("mine.safetensors", path)
    assert resolve(str(tmp_path), "parser").path == tmp_path


def test_a_name_goes_before_a_folder_of_that_name(assets, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lite").mkdir()
    assert resolve("lite", "recognizer").name == "mdiff4str-lite"
    assert resolve("./lite", "recognizer").path.name == "lite"


@pytest.mark.parametrize("model", ["runs/best.safetensors", "absent.pth", "some/folder"])
def test_a_path_that_is_not_there(assets, model):
    with pytest.raises(WeightsError, match=f"there is no file or folder {model}"):
        resolve(model, "recognizer")


def test_an_unknown_name_lists_the_close_ones_first(assets):
    with pytest.raises(WeightsError, match="no model named 'mdiff4str-bse'") as caught:
        resolve("mdiff4str-bse", "recognizer")
    assert caught.value.hint.startswith(
        "Did you mean mdiff4str-base? Known models: mdiff4str-base,"
    )
    assert "mdiff4str-lite" in caught.value.hint
    assert "mineru" not in caught.value.hint
    assert caught.value.exit_code == 4


def test_a_model_of_the_other_task(assets):
    with pytest.raises(WeightsError, match="is a recognizer, not a parser") as caught:
        resolve("mdiff4str-base", "parser")
    assert "mdocr recognize" in caught.value.hint


def test_a_name_is_downloaded_on_first_use(hub_server):
    hub_server.files["topdu/MDiff4STR/mdiff4str_small/best.pth"] = b"weights"
    found = resolve("small", "recognizer")
    assert found.name == "mdiff4str-small"
    assert found.path.read_bytes() == b"weights"


def test_the_cache_is_where_it_is_said(cache_folder, monkeypatch):
    assert cache.cache_dir() == cache_folder
    monkeypatch.delenv("MDOCR_CACHE")
    assert cache.cache_dir().name == "mdocr"


def test_files_copied_by_hand_count_as_installed(assets):
    install("mdiff4str-base")
    assert CachedModel(MODELS["mdiff4str-base"]).installed
    assert CachedModel(MODELS["mdiff4str-base"]).verify() == ([], ["best.pth"])


def test_a_converted_file_alone_is_enough(assets):
    model = MODELS["mdiff4str-base-ch"]
    folder = CachedModel(model).folder
    folder.mkdir(parents=True)
    (folder / cache.CONVERTED).touch()
    assert CachedModel(model).installed
    assert CachedModel(model).path == folder / cache.CONVERTED


def test_a_damaged_index_is_not_an_installed_model(assets):
    install("mineru-diffusion")
    (CachedModel(MODELS["mineru-diffusion"]).folder / registry.INDEX).write_text("{")
    assert not CachedModel(MODELS["mineru-diffusion"]).installed


def test_the_empty_name_means_no_model():
    for name in ("", " "):
        with pytest.raises(UsageError, match="empty"):
            resolve(name, "parser")
    with pytest.raises(WeightsError, match="no model named ''"):
        find("", "parser")
    assert find("mineru-diffusion").alias == "mineru-diffusion"
