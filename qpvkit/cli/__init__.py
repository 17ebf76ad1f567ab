"""The `qpvkit` command: one small file for each command, in `qpvkit.cli.commands`.

To add one, add a file there: it imports ``app`` and decorates a function. What is slow to import
is imported in the function.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

import typer

from qpvkit import console
from qpvkit.cli import commands
from qpvkit.cli.app import app
from qpvkit.console import STDERR
from qpvkit.errors import QpvkitError

__all__ = ["app", "main"]

for _module in sorted(pkgutil.iter_modules(commands.__path__), key=lambda found: found.name):
    importlib.import_module(f"{commands.__name__}.{_module.name}")


def main() -> None:
    """Run the command line; errors that a user can mend are one French sentence."""
    try:
        code = app(standalone_mode=False)
    except QpvkitError as error:
        STDERR.print(f"[bold]{type(error).__name__}[/bold] :", end=" ")
        STDERR.print(str(error), markup=False)
        sys.exit(1)
    except console.USAGE_ERROR as error:
        STDERR.print(console.usage_sentence(error, sys.argv[1:]), markup=False)
        sys.exit(2)
    except (typer.Abort, KeyboardInterrupt):
        STDERR.print("Interrompu : ce qui était fait est gardé.")
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)
