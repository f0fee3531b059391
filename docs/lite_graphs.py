"""Writes the ONNX graphs of the lite models, which take their weights from the checkpoint.

    python docs/lite_graphs.py mdocr/assets/mdiff4str-lite.safetensors
    python docs/lite_graphs.py mdocr/assets/mineru-diffusion-lite

The graphs go to ``<checkpoint>-onnx`` beside the checkpoint, 0.2 MB for each model. ``config.json``
says where the checkpoint is, as seen from there, and which tensor is which initializer; so the
wheel holds the weights once. Graphs in eight bits, made from the weights of before, are removed:
write them again by ``docs/int8_graphs.py``. Needs the extra ``export``.
"""

import argparse
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from mdocr.export import Export, line_reader, mdiff4str
from mdocr.export.apart import take_out_weights
from mdocr.export.folder import accepted, describe, write_config
from mdocr.export.precision import save_graph
from mdocr.models.line_reader_config import line_reader_record
from mdocr.weights import configuration
from mdocr.weights.line_reader import load_line_reader
from mdocr.weights.mdiff4str import load_mdiff4str
from mdocr.weights.onnx_files import (
    LINE_READER_FORMAT,
    MDIFF4STR_FORMAT,
    OnnxFormat,
    beside,
    in_eight_bits,
    source_of,
)


def main() -> None:
    """Writes the graphs of the checkpoint on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="a word model's file, a line reader's folder")
    done = export(parser.parse_args().checkpoint)
    print(f"{done.folder}: {done.size / 1e6:.1f} MB; differs from torch by {done.difference:.1e}")


def export(checkpoint: Path) -> Export:
    """Writes the graphs beside a checkpoint, and compares them with torch."""
    if checkpoint.is_dir():
        reader = load_line_reader(checkpoint)
        sizes = line_reader_record(reader.config)
        graphs, compare = line_reader.graphs(reader), partial(line_reader.compare, reader)
        return write(graphs, LINE_READER_FORMAT, sizes, checkpoint, compare)
    model = load_mdiff4str(checkpoint)
    sizes = configuration.to_dict(model.config)
    graphs, compare = mdiff4str.graphs(model), partial(mdiff4str.compare, model)
    return write(graphs, MDIFF4STR_FORMAT, sizes, checkpoint, compare)


def write(
    graphs: Mapping[str, Any],
    form: OnnxFormat,
    sizes: Mapping[str, Any],
    checkpoint: Path,
    compare: Callable[[Path], float],
) -> Export:
    """Writes graphs without weights, and what describes them."""
    folder = beside(checkpoint)
    folder.mkdir(exist_ok=True)
    file = checkpoint / "model.safetensors" if checkpoint.is_dir() else checkpoint
    for name in graphs:
        (folder / in_eight_bits(name)).unlink(missing_ok=True)
    tensors = {name: take_out_weights(graph, file) for name, graph in graphs.items()}
    for name, graph in graphs.items():
        save_graph(graph, folder / name, "fp32")
    place = Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()
    config = describe(form, source_of(checkpoint), "fp32", sizes)
    write_config(config | {"weights_apart": {"file": place, "tensors": tensors}}, folder)
    return accepted(folder, folder, compare(folder), "fp32")


if __name__ == "__main__":
    main()
