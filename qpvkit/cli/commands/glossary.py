"""``qpvkit glossary``: GLOSSAIRE.md."""

from __future__ import annotations

from typing import Annotated

import typer

from qpvkit.catalogue import load_catalogue
from qpvkit.cli.app import app
from qpvkit.console import STDOUT
from qpvkit.errors import QpvkitError
from qpvkit.settings import load_settings


@app.command("glossary")
def glossary_command(
    check: Annotated[
        bool, typer.Option("--check", help="Vérifier seulement que GLOSSAIRE.md est à jour.")
    ] = False,
) -> None:
    """Écrire GLOSSAIRE.md à partir du catalogue."""
    from qpvkit.show.glossary import write_glossary  # noqa: PLC0415

    settings = load_settings()
    text = write_glossary(load_catalogue(settings.catalogue_dir))
    path = settings.share / "GLOSSAIRE.md"
    current = path.read_text(encoding="utf-8") if path.exists() else ""
    if check and current != text:
        msg = "GLOSSAIRE.md n'est plus à jour avec le catalogue : qpvkit glossary"
        raise QpvkitError(msg)
    if not check:
        path.write_text(text, encoding="utf-8")
        STDOUT.print(f"Écrit : {path}")
