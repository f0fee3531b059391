"""Imports run one way and in no circle, start-up is light, public names exist."""

import ast
import subprocess
import sys
from collections import defaultdict
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import mdocr

ROOT = Path(mdocr.__file__).parent
LAYERS = [
    {"errors", "files", "document", "options", "__init__"},
    {"models"},
    {"preprocessing", "decoding"},
    {"fragments"},
    {"layout", "inputs", "weights", "synthesis", "postprocess", "render"},
    {"engines"},
    {"parsing", "recognizer", "export"},
    {"batch", "evaluation"},
    {"training", "bench", "serve", "ocrmypdf_plugin"},
    {"cli", "__main__"},
]
"""Lowest first; a module imports from its own layer and from lower ones."""


def layer(room: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if room in names)


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name, packages by that of their folder."""
    return {
        ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in sorted(ROOT.rglob("*.py"))
    }


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    """All nodes of a file's syntax; parsing them takes most of the time of these tests."""
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def named(node: ast.AST) -> list[str]:
    """The full names that an import statement asks for."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def module_of(name: str, known: dict[str, Path]) -> str:
    """The module of ours that an imported name is, or is defined in; empty for those of others."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name


@cache
def graph() -> dict[str, set[str]]:
    """Module → modules that it imports, anywhere in the file: in functions and for types too."""
    known = modules()
    found: dict[str, set[str]] = defaultdict(set)
    for own, path in known.items():
        for node in nodes_of(path):
            found[own] |= {module for name in named(node) if (module := module_of(name, known))}
    return found


def room(module: str) -> str:
    """The folder or file of ``mdocr/`` that a module belongs to."""
    return module.partition(".")[2].partition(".")[0] or "__init__"


def test_no_modules_import_one_another_in_a_circle():
    edges = {own: others - {"mdocr"} for own, others in graph().items() if own != "mdocr"}
    TopologicalSorter(edges).prepare()  # raises a CycleError that names the circle


def test_a_circle_is_found_wherever_the_import_stands(tmp_path: Path):
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from mdocr.errors import A\n"
    nested = "def f():\n    from mdocr.errors import A\n"
    for text in (source, nested):
        nodes = ast.walk(ast.parse(text))
        assert "mdocr.errors.A" in [name for node in nodes for name in named(node)]


def public_classes(path: Path) -> list[str]:
    """Names of the classes of a module that do not begin with an underscore."""
    classes = [node.name for node in nodes_of(path) if isinstance(node, ast.ClassDef)]
    return [name for name in classes if not name.startswith("_")]


def test_no_two_public_classes_share_a_name():
    places: dict[str, list[str]] = defaultdict(list)
    for module, path in modules().items():
        for name in public_classes(path):
            places[name].append(module)
    assert not {name: found for name, found in places.items() if len(found) > 1}


def test_imports_run_downwards():
    upward = {
        (own, other)
        for own, others in graph().items()
        for other in others
        if own != "mdocr" and layer(room(own)) < layer(room(other))
    }
    assert not upward


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("from mdocr.document import tables", "mdocr.document.tables"),
        ("from mdocr import __version__", "mdocr"),
        ("import mdocr.parsing.pipeline", "mdocr.parsing.pipeline"),
        ("from mdocr.parsing.loading import load_parser", "mdocr.parsing.loading"),
        ("from os import path", ""),
    ],
)
def test_an_import_counts_as_one_of_its_module(line: str, module: str):
    (statement,) = ast.parse(line).body
    assert [module_of(name, modules()) for name in named(statement)] == [module]


def test_every_room_has_a_layer_and_every_layer_its_rooms():
    files = {path.stem for path in ROOT.glob("*.py")}
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert sorted(files | folders) == sorted(name for names in LAYERS for name in names)


@pytest.mark.parametrize("command", [["-c", "import mdocr"], ["-m", "mdocr", "--help"]])
def test_start_up_imports_nothing_heavy(command):
    heavy = ["torch", "numpy", "onnxruntime", "PIL", "pymupdf", "cv2", "huggingface_hub"]
    if command[0] == "-m":
        code = "import sys; sys.argv = ['mdocr', '--help']\ntry:\n"
        code += " import mdocr.cli.main as m; m.run()\nexcept SystemExit:\n pass\n"
    else:
        code = "import sys; import mdocr\n"
    code += f"print([n for n in {heavy} if n in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_exported_models_are_read_without_torch():
    modules = [
        "recognizer",
        "parsing.loading",
        "engines.onnx_words",
        "engines.onnx_mineru_diffusion",
    ]
    code = "import sys\n" + "".join(f"import mdocr.{module}\n" for module in modules)
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_pictures_are_opened_by_a_list_of_formats():
    """Pillow starts Ghostscript for an EPS, whatever its name, where it is not told what to try."""
    without = [
        f"{name}:{node.lineno}"
        for name, path in modules().items()
        for node in nodes_of(path)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith("Image.open")
        and "formats" not in [keyword.arg for keyword in node.keywords]
    ]
    assert without == []


def test_public_names_exist():
    for name in mdocr.__all__:
        assert getattr(mdocr, name) is not None
    assert set(mdocr.__all__) <= set(dir(mdocr))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        mdocr.nothing  # noqa: B018
