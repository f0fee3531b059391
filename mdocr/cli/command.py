"""How commands show their help: the options a user needs first, then the others, then examples."""

import re
from typing import Any

import typer
from typer.core import TyperCommand

MORE = "More options"
"""Heading of the options that few users need; for ``rich_help_panel``."""

TYPES = {
    r"<int( range)?>|INTEGER( RANGE)?": "N",
    r"<float( range)?>|FLOAT( RANGE)?": "X",
    r"<str>": "TEXT",
    r"<Path>": "PATH",
}
"""How values are named in the help."""


class Command(TyperCommand):
    """A command whose options stand under their headings."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes arguments, then options by heading, in the order of their definition."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": [], MORE: []}
        for parameter in self.get_params(ctx):
            row = parameter.get_help_record(ctx)
            if row is None:
                continue
            if parameter.param_type_name == "argument":
                sections["Arguments"].append((parameter.metavar or row[0], row[1]))
            else:
                heading = getattr(parameter, "rich_help_panel", None) or "Options"
                sections.setdefault(heading, []).append((_plain(row[0]), row[1]))
        for heading, rows in sections.items():
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Writes the examples, each on its own line."""
        if self.epilog:
            with formatter.section("Examples"):
                for line in self.epilog.splitlines():
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")


def _plain(flags: str) -> str:
    """Flags with the names of types as users know them."""
    for pattern, name in TYPES.items():
        flags = re.sub(pattern, name, flags)
    return flags


def command_group(text: str) -> typer.Typer:
    """A group of commands, with plain help."""
    return typer.Typer(no_args_is_help=True, help=text, add_completion=False, rich_markup_mode=None)


def single_command() -> typer.Typer:
    """An application of one command, with plain help."""
    return typer.Typer(add_completion=False, rich_markup_mode=None)


def examples(*lines: str) -> str:
    """Command lines for the end of a command's help."""
    return "\n".join(lines)
