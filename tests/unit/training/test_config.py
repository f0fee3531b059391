"""Run files: what they may say, what is refused, and that the documentation names every key."""

import dataclasses
import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from training_runs import write_run

from mdocr.errors import InputError, UsageError
from mdocr.evaluation.suites import SUITES
from mdocr.models.mdiff4str_config import EncoderConfig
from mdocr.training import config
from mdocr.training.config import RecognizerConfig, SourceConfig, load_config
from mdocr.training.line_reader.samples import LineReaderDataConfig
from mdocr.training.line_reader.trainer import LineReaderModelConfig
from mdocr.training.mineru_diffusion.samples import MinerUDiffusionDataConfig
from mdocr.training.mineru_diffusion.trainer import MinerUDiffusionModelConfig
from mdocr.training.run_files import SHIPPED, shipped_runs

DOCUMENTED: dict[str, Any] = {
    "model": config.RecognizerModelConfig,
    "model.sizes.encoder": EncoderConfig,
    "model.sizes.decoder": config.DecoderConfig,
    "data": config.DataConfig,
    "data.sources": SourceConfig,
    "optimizer": config.OptimizerConfig,
    "run": config.RunConfig,
    "model] of parser-lite": LineReaderModelConfig,
    "data] of parser-lite": LineReaderDataConfig,
    "model] of parser-finetune": MinerUDiffusionModelConfig,
    "data] of parser-finetune": MinerUDiffusionDataConfig,
}


def load(tmp_path: Path, text: str = "", *overrides: str) -> RecognizerConfig:
    path = tmp_path / "some.toml"
    path.write_text(text, "utf-8")
    return load_config(path, list(overrides), RecognizerConfig)


def test_an_empty_run_has_the_defaults(tmp_path):
    assert load(tmp_path) == RecognizerConfig()


def test_a_run_with_tables_lists_and_sizes(tmp_path):
    loaded = load_config(write_run(tmp_path), [], RecognizerConfig)
    assert loaded.data.sources == (SourceConfig("folder", (tmp_path / "words").as_posix()),)
    assert loaded.optimizer.learning_rate == 1e-3
    architecture = loaded.model.architecture("ab")
    assert architecture.encoder.strides == ((2, 1), (2, 1))
    assert (architecture.decoder.max_length, architecture.symbols) == (8, "ab")


def test_overrides_win_and_are_toml_or_bare_words(tmp_path):
    loaded = load(
        tmp_path,
        "[run]\nsteps = 5\n",
        "run.steps = 7",
        "run.output=some/folder",
        "optimizer.clip=1",
        "data.fonts=['a', 'b']",
        'data.sources=[{kind = "lmdb", path = "x"}, {}]',
        "model.sizes.decoder.layers=1",
    )
    assert (loaded.run.steps, loaded.run.output) == (7, "some/folder")
    assert loaded.optimizer.clip == 1.0
    assert loaded.data.fonts == ("a", "b")
    assert loaded.data.sources == (SourceConfig("lmdb", "x"), SourceConfig())
    assert loaded.model.sizes is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[run]\nstep = 3", "unknown key run.step\nDid you mean run.steps?"),
        ("[runs]", "unknown key runs"),
        ("[data]\nsources = [{ kinds = 'x' }]", "unknown key data.sources[0].kinds"),
        ("[run]\nsteps = '3'", "run.steps must be of type int, not '3'"),
        ("[run]\nsteps = true", "run.steps must be of type int, not True"),
        ("[data]\naugment = 1", "data.augment must be of type bool"),
        ("[data]\nfonts = 'a'", "data.fonts must be a list"),
        ("run = 3", "run must be a table, not 3"),
        ("[run]\nsteps = 0", "run.steps must be at least 1"),
        ("[run]\nprecision = 'fp8'", "run.precision is 'fp8'\nChoose one of: bf16, fp32"),
        ("[optimizer]\nwarmup = 2", "optimizer.warmup must be between 0 and 1"),
        ("[data]\nsources = []", "data.sources must name at least one source"),
        ("[data]\nsources = [{ kind = 'web' }]", "data.sources.kind is 'web'"),
        ("[data]\nsources = [{ kind = 'lmdb' }]", "data.sources.path"),
        ("[model]\nsize = 'huge'", "model.size is 'huge'\nChoose one of: base, small, lite"),
        ("[model.sizes.encoder]\nheads = [3, 8, 12]", "encoder.heads must divide encoder.dims"),
        ("[model.sizes.encoder]\nstrides = [[1], [2, 1]]", "must be a list of 2 values, not [1]"),
        ("[model]\nstart = 'base'\ncharset = 'a'", "leave model.charset out"),
        ("[run\n", "is not valid TOML"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(tmp_path, text, message):
    with pytest.raises(UsageError) as refused:
        load(tmp_path, text)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("run.steps", "not of the form table.key=value"),
        ("steps=3", "not of the form table.key=value"),
        ("run..steps=3", "not of the form table.key=value"),
        ("run.steps=many", "run.steps must be of type int"),
        ("run.pace=3", "unknown key run.pace"),
        ("data.sources.kind=lmdb", "sources is not a table"),
    ],
)
def test_a_bad_override_is_refused(tmp_path, override, message):
    with pytest.raises(UsageError, match=re.escape(message)):
        load(tmp_path, "[data]\nsources = [{}]", override)


def test_a_missing_file_names_the_shipped_runs(tmp_path):
    with pytest.raises(InputError, match=r"none\.toml") as missing:
        load_config(tmp_path / "none.toml", [], RecognizerConfig)
    assert "recognizer-lite" in missing.value.hint


def test_a_file_that_is_no_text(tmp_path):
    path = tmp_path / "run.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not valid TOML"):
        load_config(path, [], RecognizerConfig)


@pytest.mark.parametrize("name", ["recognizer-base", "recognizer-lite", "recognizer-small"])
def test_shipped_runs_load_by_name(name):
    assert name in shipped_runs()
    loaded = load_config(Path(name), [], RecognizerConfig)
    assert loaded.model.size == name.removeprefix("recognizer-")
    assert loaded == load_config(SHIPPED / f"{name}.toml", [], RecognizerConfig)


def test_the_published_settings():
    for name in ("recognizer-small", "recognizer-base"):
        run = load_config(Path(name), [], RecognizerConfig)
        assert (run.optimizer.learning_rate, run.optimizer.weight_decay) == (5e-4, 0.05)
        assert (run.optimizer.clip, run.model.copies, run.run.batch_size) == (20, 3, 1024 // 4)
        assert run.optimizer.warmup == 1.5 / 40
        assert run.data.augment


@pytest.mark.parametrize("name", ["recognizer-small", "recognizer-base"])
def test_shipped_runs_are_validated_on_whole_benchmark_sets(name: str):
    known = [name for suite in SUITES.values() for each in suite.sets for name in each.folders]
    run = load_config(Path(name), [], RecognizerConfig)
    folders = [Path(path).name for path in run.data.validation]
    assert "IIIT5k_3000" in folders  # a folder IIIT5k may be that of 2000
    assert [folder for folder in folders if folder not in known] == []


def rows_of(kind: Any) -> list[str]:
    """The table of a dataclass as the documentation has it: key, default, meaning."""
    text = inspect.cleandoc(kind.__doc__).partition("Attributes:\n")[2]
    meanings = dict(re.findall(r"^ {4}(\w+): ((?:.|\n {8})+)", text, re.M))
    return [
        f"| `{field.name}` | `{as_toml(default_of(field))}` | "
        f"{' '.join(meanings[field.name].split()).replace('``', '`')} |"
        for field in dataclasses.fields(kind)
    ]


def default_of(field: "dataclasses.Field[Any]") -> Any:
    factory = field.default_factory
    return field.default if factory is dataclasses.MISSING else factory()


def as_toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(as_toml(item) for item in value)}]"
    if dataclasses.is_dataclass(value):
        return '{ kind = "synthesis" }'
    if isinstance(value, bool) or value is None:
        return "none" if value is None else str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)


@pytest.mark.parametrize("table", DOCUMENTED)
def test_the_documentation_has_every_key_with_its_default(table):
    page = (Path(__file__).parents[3] / "docs/training.md").read_text("utf-8")
    name, _, model = table.partition("] of ")
    heading = f"### `[{name}]` of `{model}`\n" if model else f"### `[{name}]`\n"
    _, _, rest = page.partition(heading)
    section = rest.partition("\n#")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == rows_of(DOCUMENTED[table]), "\n".join(rows_of(DOCUMENTED[table]))


def test_a_folder_does_not_hide_a_shipped_run(tmp_path, monkeypatch):
    (tmp_path / "recognizer-lite").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_config(Path("recognizer-lite"), [], RecognizerConfig).model.size == "lite"
