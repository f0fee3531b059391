"""Runs that are killed, runs among whose documents are bad ones, long runs, servers under load.

    python -m tests.stress kill --moments 20        kill -9 at random moments, then run again
    python -m tests.stress corpus --documents 1000  20 of them hang, crash or swell
    python -m tests.stress many --documents 10000   one line each, with the lite model
    python -m tests.stress nodes --most 2           pages a minute by Ray nodes, on this machine
    python -m tests.stress bombs                    small files that swell, with the lite model
    python -m tests.stress serve --clients 40       a server under load, with the lite models

Each prints what it saw, and ends with 1 if that is not what is promised. Readers of ``kill`` and
``corpus`` are stand-ins.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.stress.bombs import bombs
from tests.stress.corpus import corpus
from tests.stress.kill import kill
from tests.stress.many import many
from tests.stress.nodes import nodes
from tests.stress.runs import once
from tests.stress.served import serve

COMMANDS = {
    kill: {"moments": 20, "documents": 40, "seed": 1},
    corpus: {"documents": 1000, "bad": 20, "workers": 4, "seed": 1},
    many: {"documents": 10_000, "workers": 2},
    nodes: {"least": 1, "most": 2, "pages": 12},
    bombs: {"mebibytes": 2048, "seconds": 60},
    serve: {
        "clients": 40,
        "words": 300,
        "pages": 20,
        "leavers": 5,
        "workers": 2,
        "queue": 16,
        "seed": 1,
    },
}
"""What can be run, and the numbers that it takes."""


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.stress",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True)
    for run, numbers in COMMANDS.items():
        one = commands.add_parser(run.__name__, description=run.__doc__)
        for name, value in numbers.items():
            one.add_argument(f"--{name}", type=int, default=value)
        one.set_defaults(run=run)
    one = commands.add_parser("once")
    one.add_argument("folder", type=Path)
    one.add_argument("out", type=Path)
    one.set_defaults(run=once)
    asked = parser.parse_args()
    return int(asked.run(asked))


if __name__ == "__main__":
    sys.exit(main())
