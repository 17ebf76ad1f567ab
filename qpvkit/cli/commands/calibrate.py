"""``qpvkit calibrate``: whether the ranking of stakes keeps its word on planted truths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.progress import Progress

from qpvkit.catalogue import load_catalogue
from qpvkit.cli.app import app
from qpvkit.cli.options import FormatOption
from qpvkit.console import STDERR, Format, print_table
from qpvkit.formats import number, quantity
from qpvkit.settings import load_settings

if TYPE_CHECKING:
    import pandas as pd

_CHECKS: Final = {
    "false_alarms": "fausses alarmes d'un écart",
    "rank_intervals": "vrai rang dans l'intervalle de rang",
    "top_set": "vrai trio dans l'ensemble de tête",
    "top_gaps": "vraie valeur dans l'intervalle corrigé, trois enjeux choisis",
    "top_gaps_published": "la même, sans correction (pour comparaison)",
    "established": "enjeu établi vraiment dans le trio",
}
_SETTINGS: Final = {
    "normal": "vraies valeurs normales",
    "heavy": "queues lourdes (Student, 4 degrés)",
    "skewed": "dissymétriques (gamma)",
    "noisy": "bruit fort (effectifs divisés par 8)",
}


@app.command("calibrate")
def calibrate_command(
    worlds: Annotated[int, typer.Option("--worlds", min=1, help="Mondes par réglage.")] = 4,
    quartiers: Annotated[
        int, typer.Option("--quartiers", min=60, help="Quartiers par monde.")
    ] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="Graine des mondes.")] = 100,
    how: FormatOption = Format.TABLE,
) -> None:
    """Éprouver la méthode sur des vérités plantées ; code de sortie 1 si un niveau n'est pas tenu.

    Compter quelques minutes avec les valeurs par défaut.
    """
    # scipy.stats is slow to import, and needed here only
    from qpvkit.measure.stakes.calibration import keeps_its_word  # noqa: PLC0415

    found = _run(worlds=worlds, quartiers=quartiers, seed=seed)
    columns = [found[name] for name in ("check", "wanted", "found")]
    held = [keeps_its_word(*row) for row in zip(*columns, strict=True)]
    print_table(_words(found, held), how)
    compared = found["check"].eq("top_gaps_published")
    if not all(ok or skip for ok, skip in zip(held, compared, strict=True)):
        STDERR.print("Un niveau annoncé n'est pas tenu : voir METHODE.md.")
        raise typer.Exit(1)


def _run(*, worlds: int, quartiers: int, seed: int) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415

    from qpvkit.diagnostic.stakes import read_rules  # noqa: PLC0415
    from qpvkit.measure.stakes import calibration  # noqa: PLC0415

    rules = read_rules(load_catalogue(load_settings().catalogue_dir))
    pieces = [calibration.check_false_alarms(draws=200_000, seed=seed)]
    with Progress(console=STDERR, transient=True) as progress:
        task = progress.add_task("Vérités plantées", total=len(calibration.SETTINGS))
        for name, arguments in calibration.SETTINGS.items():
            one = {name: arguments}
            pieces.append(
                calibration.check_ranking(
                    worlds=worlds, quartiers=quartiers, rules=rules, seed=seed, settings=one
                )
            )
            progress.advance(task)
    return pd.concat(pieces, ignore_index=True)


def _words(found: pd.DataFrame, held: list[bool]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415

    rows = found.to_dict("records")
    return pd.DataFrame(
        {
            "épreuve": [_CHECKS[row["check"]] for row in rows],
            "réglage": [_SETTINGS.get(row["setting"], row["setting"]) for row in rows],
            "annoncé": [quantity(100 * row["wanted"], "%") for row in rows],
            "trouvé": [quantity(100 * row["found"], "%", decimals=1) for row in rows],
            "cas": [number(row["cases"]) for row in rows],
            "tenu": ["oui" if ok else "non" for ok in held],
        }
    )
