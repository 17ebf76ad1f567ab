"""GLOSSAIRE.md, written from the catalogue: what each number means and where it comes from."""

from __future__ import annotations

from typing import Final

from qpvkit.catalogue import Catalogue
from qpvkit.formats import listing, plural
from qpvkit.records import Indicator, Source, Theme

_DIRECTIONS: Final = {
    "up_is_worse": "une valeur élevée est défavorable",
    "up_is_better": "une valeur élevée est favorable",
    "neutral": "élément de contexte, jamais noté",
}
_AGGREGATIONS: Final = {
    "sum": "se somme entre territoires",
    "weighted_mean": "se moyenne en pondérant par l'effectif",
    "none": "ne se somme ni ne se moyenne",
}


def write_glossary(catalogue: Catalogue) -> str:
    """Return the glossary in Markdown: words, themes with their indicators, sources.

    Examples
    --------
    >>> from qpvkit.catalogue import load_catalogue
    >>> write_glossary(load_catalogue()).splitlines()[0]
    '# Glossaire'
    """
    measured = sum(theme.measured for theme in catalogue.themes.values())
    lines = [
        "# Glossaire",
        "",
        "Ce fichier est écrit par `qpvkit glossary` à partir de `data/catalogue` ; "
        "ne le modifiez pas à la main.",
        "",
        f"{plural(len(catalogue.indicators), 'indicateur')}, "
        f"{plural(len(catalogue.themes), 'thème')} (dont {measured} mesurés au quartier), "
        f"{plural(len(catalogue.sources), 'source déclarée', 'sources déclarées')}.",
        "",
        "## Les mots",
        "",
        "| dans le code | en français | sens |",
        "| --- | --- | --- |",
        *(f"| `{t.code}` | {t.french} | {t.meaning} |" for t in catalogue.terms),
        "",
        "## Les indicateurs, par thème",
        "",
    ]
    for theme in catalogue.themes.values():
        lines += _theme(theme, catalogue)
    lines += _grid(catalogue)
    lines += ["## Les sources", "", "| source | producteur | titre | format | maille | lue |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    lines += [_source(source) for source in catalogue.sources.values()]
    return "\n".join(lines) + "\n"


def _grid(catalogue: Catalogue) -> list[str]:
    """Write the candidate stakes, the verdicts and the measurement models."""
    lines = ["## Les enjeux de la grille", "", "| enjeu | thème | indicateurs, par préférence |",
             "| --- | --- | --- |"]  # fmt: skip
    for stake in catalogue.stakes.values():
        names = " ; ".join(catalogue.indicators[name].short for name in stake.indicators)
        theme = catalogue.themes[stake.theme].label
        lines.append(f"| `{stake.id}` {stake.label} | {theme} | {names} |")
    lines += ["", "| verdict | sens |", "| --- | --- |"]
    lines += [f"| {item.label} | {item.meaning} |" for item in catalogue.verdicts.values()]
    lines += ["", "## Les modèles de mesure", "", "| modèle | d'où vient l'incertitude |",
              "| --- | --- |"]  # fmt: skip
    models = catalogue.measurements.values()
    return [*lines, *(f"| `{item.id}` {item.label} | {item.note} |" for item in models), ""]


def _theme(theme: Theme, catalogue: Catalogue) -> list[str]:
    lines = [f"### {theme.label}", "", theme.description, ""]
    if not theme.measured:
        lines += [
            f"**Non mesuré à l'échelle du quartier.** {theme.gap} À qui demander : {theme.ask}"
        ]
        lines += [""]
    for item in catalogue.indicators.values():
        if item.theme == theme.id:
            lines += _indicator(item, catalogue)
    return lines


def _indicator(item: Indicator, catalogue: Catalogue) -> list[str]:
    unit = catalogue.units[item.unit]
    publics = listing([catalogue.publics[name].label for name in item.publics])
    sources = [
        f"`{column.column}`"
        + (f" / `{column.over}`" if column.over else "")
        + f" ({column.source})"
        for column in item.columns
    ]
    scale = "" if item.at_qp else f" Non publié au quartier ; à qui demander : {item.ask}"
    return [
        f"#### {item.label}",
        "",
        f"`{item.id}` – {item.definition}{scale}",
        "",
        f"- unité : {unit.label} ; {_DIRECTIONS[item.direction]} ; "
        f"{_AGGREGATIONS[item.aggregation]}",
        f"- effectif : {item.base} ; public : {publics}",
        f"- diffusion : {catalogue.secrecy[item.secrecy].label}",
        *_model(item, catalogue),
        f"- colonnes officielles : {' ; '.join(sources)}",
        *(f"- précaution : {catalogue.caveats[name].text}" for name in item.caveats),
        "",
    ]


def _model(item: Indicator, catalogue: Catalogue) -> list[str]:
    if not item.measurement:
        return []
    label = catalogue.measurements[item.measurement].label
    share = round(100 * item.supposed_base) if item.supposed_base else 0
    base = f" ; effectif supposé, à défaut : {share} % des habitants" if share else ""
    return [f"- modèle de mesure : {label}{base}"]


def _source(source: Source) -> str:
    title = f"[{source.title}]({source.page})" if source.page else source.title
    third = "" if source.official else " (tierce)"
    used = "oui" if source.used else "non"
    return (
        f"| `{source.id}`{third} | {source.producer} | {title} | {source.format} "
        f"| {source.level} | {used} |"
    )
