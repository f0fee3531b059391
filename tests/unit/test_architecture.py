"""Imports run one way, start-up is light, public names exist."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mdocr

ROOT = Path(mdocr.__file__).parent
LAYERS = [
    {"errors", "document", "options", "files", "formulas", "__init__"},
    {"models"},
    {"decoding", "engines", "layout", "render", "finishing", "inputs", "pages", "labelled"}
    | {"streams", "tables", "weights", "synthesis"},
    {"recognizer", "parser", "export", "parsing"},
    {"evaluation"},
    {"training", "bench"},
    {"cli", "__main__"},
]
"""Lowest first; a module imports from its own layer and from lower ones."""

ALLOWED = {
    ("models", "decoding"): "attention over a KV cache belongs to the cache",
}


def layer(module: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if module in names)


def imports() -> list[tuple[str, str, str]]:
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        own = path.relative_to(ROOT).with_suffix("").parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            others = (name for module in named(node) if (name := place(module)))
            found += [(own, other, str(path.relative_to(ROOT))) for other in others]
    return found


def named(node: ast.AST) -> list[str]:
    """The full names that an import statement asks for."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def place(module: str) -> str:
    """The folder or file of ours that a module belongs to; empty for those of others."""
    package, _, rest = module.partition(".")
    own = rest.partition(".")[0]
    if package != "mdocr":
        return ""
    return own if own in set().union(*LAYERS) else "__init__"


def test_imports_run_downwards():
    upward = {
        (own, other, path)
        for own, other, path in imports()
        if layer(own) < layer(other) and (own, other) not in ALLOWED
    }
    assert not {item for item in upward if item[0] != "__init__"}


def test_an_import_of_the_package_counts_as_one_of_its_module():
    for line, module in (
        ("from mdocr import tables", "tables"),
        ("from mdocr import __version__", "__init__"),
        ("import mdocr.parsing.line_reader.pages", "parsing"),
        ("from mdocr.parsing.parser import load_parser", "parser"),
        ("from os import path", ""),
    ):
        (statement,) = ast.parse(line).body
        assert [place(name) for name in named(statement)] == [module]


def test_every_module_has_a_layer_and_every_layer_its_modules():
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
    modules = ["recognizer", "parser", "parsing", "engines.onnx_words", "engines.onnx_pages"]
    code = "import sys\n" + "".join(f"import mdocr.{module}\n" for module in modules)
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_public_names_exist():
    for name in mdocr.__all__:
        assert getattr(mdocr, name) is not None
    assert set(mdocr.__all__) <= set(dir(mdocr))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        mdocr.nothing  # noqa: B018
