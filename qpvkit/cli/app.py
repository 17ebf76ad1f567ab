"""The Typer application that the commands join."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="qpvkit",
    help="Diagnostics des quartiers prioritaires pour les contrats de ville 2024-2030.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
