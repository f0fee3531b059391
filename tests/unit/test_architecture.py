"""Imports run one way, start-up is light, public names exist."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mdocr

ROOT = Path(mdocr.__file__).parent
LAYERS = [
    {"errors", "document", "options", "__init__"},
    {"models"},
    {"decoding", "engines", "layout", "render", "finishing", "inputs", "pages", "tables"}
    | {"formulas", "weights", "synthesis"},
    {"recognizer", "parser", "training", "evaluation", "bench", "export", "reading"} | {"parsing"},
    {"cli", "__main__"},
]
"""Lowest first; a module imports from its own layer and from lower ones."""

ALLOWED = {
    ("models", "decoding"): "the KV cache's shape and the attention over it belong together",
}


def layer(module: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if module in names)


def imports() -> list[tuple[str, str, str]]:
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        own = path.relative_to(ROOT).with_suffix("").parts[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mdocr."):
                found.append((own, node.module.split(".")[1], str(path.relative_to(ROOT))))
    return found


def test_imports_run_downwards():
    upward = {
        (own, other, path)
        for own, other, path in imports()
        if layer(own) < layer(other) and (own, other) not in ALLOWED
    }
    assert not {item for item in upward if item[0] != "__init__"}


def test_every_folder_has_a_layer():
    names = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()}
    assert names <= set().union(*LAYERS)


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


def test_public_names_exist():
    for name in mdocr.__all__:
        assert getattr(mdocr, name) is not None
    assert set(mdocr.__all__) <= set(dir(mdocr))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        mdocr.nothing  # noqa: B018
