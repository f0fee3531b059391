"""One page through MinerU-Diffusion's code and through ours: seconds, passes, memory, equal tokens.

    PYTHONPATH=. python docs/benchmarks/upstream_pages.py --upstream CHECKOUT --document FILE

MinerU-Diffusion's code is not part of this project: the caller names a checkout of it; it needs the
package transformers. The weights are random ones in the released model's full size, so the texts
mean nothing and the regions come from image analysis; all else is as in ``mdocr parse``.

Random weights leave neighbouring tokens nearly equally likely, and in bfloat16 the two ways of
computing the same sums may then choose differently. ``--dtype float32`` shows that the tokens are
equal; ``--layout-edge 280`` keeps that short. With bfloat16 ours reads the page once more with its
matrices in eight bits.
"""

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from mdocr.bench.cost import count_parameters, weight_bytes
from mdocr.bench.throughput import Work, cost

GOLDEN = Path(__file__).parents[2] / "tests" / "golden" / "mineru_diffusion"
TEXT = {"vocab_size": 151936, "hidden_size": 2048, "intermediate_size": 6144}
TEXT |= {"num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8}
TEXT |= {"head_dim": 128}
VISION = {"depth": 32, "embed_dim": 1280, "hidden_size": 1280, "num_heads": 16}
BLOCK_LENGTH = 32
PARATEXT = ("image", "page_number")


def main() -> None:
    """Makes the weights, then runs both sides, each in a process of its own."""
    options = arguments()
    if options.side:
        print(json.dumps(SIDES[options.side](options)))
        return
    if not (options.work / "model" / "config.json").exists():
        write_model(options.work / "model", getattr(torch, options.dtype), options.small)
    records = {}
    for side in SIDES if options.dtype == "bfloat16" else ("ours", "upstream"):
        command = [sys.executable, __file__, *sys.argv[1:], "--side", side]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        records[side] = json.loads(done.stdout.splitlines()[-1])
    print("\n".join(table(records, options)))


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--upstream", type=Path, required=True, help="checkout of MinerU-Diffusion")
    parser.add_argument("--document", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("upstream-pages"), help="for the weights")
    parser.add_argument("--dtype", choices=("bfloat16", "float32"), default="bfloat16")
    parser.add_argument("--dpi", type=float, default=100)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--tokens", type=int, default=64, help="longest text")
    parser.add_argument("--layout-edge", type=int, default=1036, help="of the page for the layout")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--small", action="store_true", help="the tests' sizes, to try the script")
    parser.add_argument("--side", default="", help=argparse.SUPPRESS)
    return parser.parse_args()


def table(records: dict[str, dict[str, Any]], options: argparse.Namespace) -> list[str]:
    """Both sides as a Markdown table."""
    we, they = records["ours"], records["upstream"]
    eight = records.get("eight bits")
    return [
        f"{they['texts']} texts of one page at {options.dpi:g} dpi, {options.dtype}, at most "
        f"{options.tokens} tokens each, {options.steps} steps a block, {options.threads} threads.",
        "",
        "| | seconds | faster | passes | peak memory | of it pages of files |",
        "| --- | --- | --- | --- | --- | --- |",
        row("MinerU-Diffusion", they, they),
        row("mdocr", we, they),
        *([row("mdocr, matrices in eight bits", eight, they)] if eight else []),
        "",
        f"Equal tokens: {they['equal']} of {they['tokens']}; "
        f"equal texts: {they['equal_texts']} of {they['texts']}.",
        *(
            [f"In eight bits, beside mdocr: {eight['equal']} of {eight['tokens']}."]
            if eight
            else []
        ),
        "",
        *profile("mdocr", we),
        *(profile("mdocr in eight bits", eight) if eight else []),
    ]


def row(name: str, record: dict[str, Any], other: dict[str, Any]) -> str:
    """One side, and how much faster it is than another."""
    cells = (
        "| {} | {seconds:.1f} | {ratio:.2f} × | {passes} | {memory:.1f} GiB | {mapped:.1f} GiB |"
    )
    return cells.format(name, ratio=other["seconds"] / record["seconds"], **record)


def profile(name: str, record: dict[str, Any]) -> list[str]:
    """Where one side's time goes."""
    limits = record["limits"]
    return [
        f"Where the time of {name} goes, and its share of the limits measured before it, "
        f"{limits['arithmetic'] / 1e9:.0f} GFLOP/s ({limits['dtype']}) and "
        f"{limits['bandwidth'] / 1e9:.1f} GB/s:",
        "",
        "| part | seconds | of arithmetic | of bandwidth |",
        "| --- | --- | --- | --- |",
        *(
            "| {} | {seconds:.1f} | {arithmetic:.0%} | {bandwidth:.0%} |".format(part, **shares)
            for part, shares in record["parts"].items()
        ),
        "",
    ]


def ours(options: argparse.Namespace) -> dict[str, Any]:
    """Reads the page as ``mdocr parse`` does; keeps what it asked for and what came back."""
    texts, record = read_page(options, "auto")
    torch.save(texts, options.work / "asked.pt")
    return record


def eight_bits(options: argparse.Namespace) -> dict[str, Any]:
    """The same with matrices in eight bits; compares its tokens with those of ``ours``."""
    texts, record = read_page(options, "int8")
    expected = torch.load(options.work / "asked.pt", weights_only=True)
    pairs = [(found[-1], other[-1]) for found, other in zip(texts, expected, strict=True)]
    return record | likeness(pairs)


def read_page(options: argparse.Namespace, dtype: str) -> tuple[list[Any], dict[str, Any]]:
    """What was asked for and came back, and seconds, passes, memory and the parts of the time."""
    from mdocr.bench.throughput import limits_of
    from mdocr.document.layout_text import ParsedLayout
    from mdocr.engines.torch_blocks import TorchBlocks
    from mdocr.options import ParseOptions
    from mdocr.parsing.loading import load_parser
    from mdocr.parsing.parser import Parser

    torch.set_num_threads(options.threads)
    asked: list[Any] = []
    made: dict[int, Any] = {}
    meter = Meter()
    request, denoise = Parser.request, Parser.denoise

    def kept_request(self: Parser, *arguments: Any) -> Any:
        asked.append(request(self, *arguments))
        return asked[-1]

    def kept_texts(self: Parser, *arguments: Any) -> Iterator[Any]:
        for number, text in denoise(self, *arguments):
            made[number] = text
            yield number, text

    parser = load_parser(options.work / "model", "cpu", dtype)
    limits = limits_of(parser)
    targets = dict.fromkeys(("layout", "title", "text", "list_item", "table"), options.tokens)
    # The released code decides committed tokens anew where a step finds too few masked ones.
    read = ParseOptions(
        pages="1", dpi=options.dpi, steps=options.steps, max_tokens=targets, revise=True
    )
    with (
        mock.patch(
            "mdocr.parsing.mineru_diffusion.parse_layout",
            lambda text: ParsedLayout(tuple(regions(options))),
        ),
        mock.patch("mdocr.parsing.crops.whole_page", lambda picture: page(picture, options)),
        mock.patch.object(Parser, "request", kept_request),
        mock.patch.object(Parser, "denoise", kept_texts),
        mock.patch.object(TorchBlocks, "__call__", meter.timed_pass(TorchBlocks.__call__)),
        mock.patch.object(TorchBlocks, "_see", meter.timed_look(TorchBlocks._see)),
    ):
        begin = time.perf_counter()
        parser.parse(options.document, read)
        seconds = time.perf_counter() - begin
    texts = [
        (r.prompt, torch.from_numpy(r.picture.patches), r.picture.grid, made[number].tokens)
        for number, r in enumerate(asked)
    ]
    record = {"seconds": seconds, "passes": meter.passes, **memory()}
    parts = meter.parts(limits, seconds)
    return texts, record | {"limits": limits.to_dict(), "parts": parts}


def likeness(pairs: Sequence[tuple[Any, Any]]) -> dict[str, int]:
    """How many tokens and texts of pairs of texts are equal."""
    return {
        "texts": len(pairs),
        "tokens": sum(len(one) for one, _ in pairs),
        "equal": sum(a == b for pair in pairs for a, b in zip(*pair, strict=False)),
        "equal_texts": sum(tuple(one) == tuple(other) for one, other in pairs),
    }


@dataclass
class Part:
    """Seconds, floating-point operations and bytes of weights, so far."""

    seconds: float = 0.0
    operations: float = 0.0
    moved: float = 0.0


class Meter:
    """Times our passes: the vision tower, passes over prompts of new texts, and all others."""

    def __init__(self) -> None:
        self.passes = 0
        self.looks, self.prompts, self.blocks = Part(), Part(), Part()

    def timed_look(self, look: Any) -> Any:
        """The vision tower with a clock; its products are those of its weights and of attention."""

        def timed(blocks: Any, model: Any, pictures: Any) -> Any:
            begin = time.perf_counter()
            seen = look(blocks, model, pictures)
            tower, abstractor = model.vision_model, model.vision_abstractor
            config = tower.config
            for patches in (len(picture.patches) for picture in pictures):
                self.looks.operations += 2 * patches * count_parameters(tower)
                self.looks.operations += 4 * patches**2 * config.embed_dim * config.depth
                self.looks.operations += patches / 2 * count_parameters(abstractor)  # of four
            self.looks.moved += weight_bytes(tower) * bool(pictures)
            self.looks.seconds += time.perf_counter() - begin
            return seen

        return timed

    def timed_pass(self, predict: Any) -> Any:
        """A pass with a clock, the vision tower's time taken out."""

        def timed(blocks: Any, feeds: Any) -> Tensor:
            begin, looked = time.perf_counter(), self.looks.seconds
            logits: Tensor = predict(blocks, feeds)
            seconds = time.perf_counter() - begin - (self.looks.seconds - looked)
            part = self.prompts if any(feed.picture for feed in feeds) else self.blocks
            fed, queries = (sum(len(getattr(f, n)) for f in feeds) for n in ("tokens", "queries"))
            work = Work(calls=1, fed=fed, queries=queries)
            operations, moved = cost(blocks.model.language_model, work)
            part.seconds, part.operations = part.seconds + seconds, part.operations + operations
            part.moved += moved
            self.passes += 1
            return logits

        return timed

    def parts(self, limits: Any, seconds: float) -> dict[str, dict[str, float]]:
        """Each part's seconds, and its shares of the limits."""
        named = {
            "vision tower": self.looks,
            "passes with prompts of new texts": self.prompts,
            "other passes": self.blocks,
        }
        named["all else"] = Part(seconds - sum(part.seconds for part in named.values()))
        return {
            name: {
                "seconds": part.seconds,
                "arithmetic": part.operations / max(part.seconds, 1e-9) / limits.arithmetic,
                "bandwidth": part.moved / max(part.seconds, 1e-9) / limits.bandwidth,
            }
            for name, part in named.items()
        }


def upstream(options: argparse.Namespace) -> dict[str, Any]:
    """The same prompts and pictures through MinerU-Diffusion's code, one after another."""
    torch.set_num_threads(options.threads)
    sys.path.insert(0, str(options.upstream))
    from mineru_diffusion import modeling_mineru_diffusion as code

    folder = options.work / "model"
    mask = json.loads((folder / "config.json").read_text())["mask_token_id"]
    passes: list[int] = []
    forward = code.SDARForCausalLM.forward

    def counted(self: Any, *arguments: Any, **named: Any) -> Any:
        passes.append(1)
        return forward(self, *arguments, **named)

    def likeliest(self: Any, logits: Tensor, **_: Any) -> tuple[Tensor, Tensor]:
        """In the place of drawing, so that runs can be compared; never the mask, as in ours."""
        logits = logits.float().index_fill(-1, torch.tensor([mask]), -torch.inf)
        confidence, tokens = torch.softmax(logits, -1).max(-1)
        return tokens, confidence

    code.SDARForCausalLM.forward = counted
    code.SDARForCausalLM.sample_with_temperature_topk_topp = likeliest
    model: Any = code.MinerUDiffusionForConditionalGeneration.from_pretrained(
        folder, dtype=getattr(torch, options.dtype), low_cpu_mem_usage=True
    ).eval()
    pairs, begin = [], time.perf_counter()
    for prompt, patches, grid, tokens in torch.load(options.work / "asked.pt", weights_only=True):
        with torch.no_grad():
            found, _, _ = model.generate(
                pixel_values=patches.to(model.dtype),
                image_grid_thw=torch.tensor([[1, *grid]]),
                input_ids=torch.tensor([prompt]),
                mask_token_id=mask,
                denoising_steps=options.steps,
                gen_length=options.tokens,
                block_length=BLOCK_LENGTH,
                dynamic_threshold=0.95,
            )
        pairs.append((tuple(found[0].tolist()), tuple(tokens)))
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "passes": len(passes), **memory(), **likeness(pairs)}


def regions(options: argparse.Namespace) -> Sequence[Any]:
    """The regions of the page that image analysis finds."""
    import numpy as np

    from mdocr.document.model import Block, Box
    from mdocr.inputs.pages import open_pages
    from mdocr.layout import analyse

    with open_pages(options.document, "1") as pages:
        picture = next(pages).picture
    found = analyse(np.asarray(picture))
    width, height = picture.size
    boxes = [(one.type, one.box) for one in found.regions if one.type not in PARATEXT]
    return [
        Block(kind, Box(x0 / width, y0 / height, x1 / width, y1 / height))
        for kind, (x0, y0, x1, y1) in boxes
    ]


def page(picture: Image.Image, options: argparse.Namespace) -> Image.Image:
    """The page as the layout prompt has it, or smaller."""
    return picture.resize((options.layout_edge,) * 2, Image.Resampling.BICUBIC)


def write_model(folder: Path, dtype: torch.dtype, small: bool) -> None:
    """Random weights in the released layout, with the tokenizer of the tests."""
    from mdocr.models.mineru_diffusion import MinerUDiffusion
    from mdocr.models.mineru_diffusion_config import MinerUDiffusionConfig

    folder.mkdir(parents=True)
    record = json.loads((GOLDEN / "config.json").read_text())
    if not small:
        record["text_config"] |= TEXT
        record["vision_config"] |= VISION
    with torch.device("meta"):
        model = MinerUDiffusion(MinerUDiffusionConfig.from_record(record))
    torch.manual_seed(0)
    weights = {name: random(name, value, dtype) for name, value in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    for name in ("tokenizer.json", "preprocessor_config.json"):
        (folder / name).write_bytes((GOLDEN / name).read_bytes())
    (folder / "config.json").write_text(json.dumps(record))


def random(name: str, like: Tensor, dtype: torch.dtype) -> Tensor:
    """Weights that keep the size of what goes through them."""
    if like.ndim == 1:
        return torch.full(like.shape, float("bias" not in name), dtype=dtype)
    fan = 1 if "embed_tokens" in name else like[0].numel()
    value = torch.empty(like.shape, dtype=dtype).normal_(0, 1 / math.sqrt(fan))
    if "lm_head" in name:  # some tokens much likelier than others, as in a trained model
        value *= torch.empty(len(value), 1).exponential_().exp().clamp(max=60).to(dtype) / 2
    return value


def memory() -> dict[str, float]:
    """Largest memory of this process, and what of it now are pages of mapped files, in GiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    sizes = dict(line.split(":") for line in lines)
    names = {"memory": "VmHWM", "mapped": "RssFile"}
    return {name: int(sizes[key].split()[0]) / 2**20 for name, key in names.items()}


SIDES = {"ours": ours, "upstream": upstream, "eight bits": eight_bits}


if __name__ == "__main__":
    main()
