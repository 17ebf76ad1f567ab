"""Batch plans: which notebook, for which territories. A plan is a query, never a list."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pydantic

from qpvkit.codes import Kind, Zoning
from qpvkit.errors import CatalogueError, QpvkitError, UnknownNameError, near_names
from qpvkit.load.store import Store
from qpvkit.load.territories import find_territory, load_territories
from qpvkit.publish.parameters import declared_parameters, find_notebook, typed_values
from qpvkit.publish.tasks import Task, make_task
from qpvkit.settings import Settings


class Query(pydantic.BaseModel):
    """The territories of a plan; every filter narrows the former ones."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    kind: Literal["qp", "commune", "epci", "departement", "region", "contrat"] = "qp"
    zoning: Literal[2015, 2024] | None = None
    region: str | None = None
    departement: str | None = None
    epci: str | None = None
    commune: str | None = None


class Plan(pydantic.BaseModel):
    """A batch plan.

    Attributes
    ----------
    name
        The name of its file.
    title
        What it makes.
    notebook
        The notebook to run.
    territories
        For which territories; None for a notebook that is run once.
    parameter
        The parameter that takes the code; the first of the notebook by default.
    parameters
        Values of other parameters, the same for every report.
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: str
    title: str
    notebook: str
    territories: Query | None = None
    parameter: str = ""
    parameters: dict[str, Any] = pydantic.Field(default_factory=dict)


def load_plans(settings: Settings) -> dict[str, Plan]:
    """Read ``notebooks/batches/*.toml``, by name.

    Raises
    ------
    CatalogueError
        A plan is badly written: says which key.

    Examples
    --------
    >>> list(load_plans(Settings()))[:2]
    ['quartiers_2015', 'quartiers_2024']
    """
    folder = settings.notebooks_dir / "batches"
    return {path.stem: read_plan(path) for path in sorted(folder.glob("*.toml"))}


def read_plan(path: Path) -> Plan:
    """Read one plan.

    Raises
    ------
    CatalogueError
        It is badly written: says which key.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return Plan(name=path.stem, **content)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path.name} : TOML illisible ({error})."
        raise CatalogueError(msg) from error
    except (pydantic.ValidationError, TypeError) as error:
        wrong = (
            ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors())
            if isinstance(error, pydantic.ValidationError)
            else "name"
        )
        msg = (
            f"{path.name} : clé inconnue, manquante ou de valeur refusée : {wrong}. "
            f"Clés d'un plan : {', '.join(list(Plan.model_fields)[1:])} ; "
            f"de [territories] : {', '.join(Query.model_fields)}."
        )
        raise CatalogueError(msg) from error


def find_plan(name: str, settings: Settings) -> Plan:
    """Return a plan by its name, or by the path of its file.

    Raises
    ------
    UnknownNameError
        No such plan: gives near names.
    """
    plans = load_plans(settings)
    if name in plans:
        return plans[name]
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        return read_plan(path)
    if path.stem in plans and path.suffix == ".toml":
        return plans[path.stem]
    near = near_names(path.stem, plans) or tuple(plans)
    raise UnknownNameError("plan de lot inconnu", name, near=near, hint="Liste : qpvkit list plans")


def plan_tasks(
    plan: Plan, *, settings: Settings, store: Store, narrowed: Query | None = None,
    only: tuple[str, ...] = (),
) -> tuple[list[Task], pd.DataFrame]:  # fmt: skip
    """Return the reports of a plan, and the territories that they are about.

    Parameters
    ----------
    narrowed
        Filters that come on top of those of the plan.
    only
        Keep only these territories, in this order; the codes are known.

    Raises
    ------
    UnknownNameError
        No such notebook or parameter.
    """
    notebook = find_notebook(plan.notebook, settings=settings)
    declared = declared_parameters(notebook)
    constant = typed_values(plan.parameters, declared, notebook.stem)
    if plan.territories is None:
        filtered = narrowed is not None and narrowed != Query()
        tasks = [] if only or filtered else [make_task(notebook, "", constant, declared, settings)]
        return tasks, pd.DataFrame()
    rows = _territories(plan.territories, narrowed or Query(), settings, store)
    if only:
        kept = [code for code in only if code in set(rows["code"])]
        rows = rows.set_index("code").loc[kept].reset_index()
    name = plan.parameter or next(iter(declared))
    tasks = [
        make_task(notebook, str(code), {**constant, name: str(code)}, declared, settings)
        for code in rows["code"]
    ]
    return tasks, rows


def known_codes(codes: list[str], *, settings: Settings, store: Store) -> tuple[str, ...]:
    """Return the official form of some codes of quartiers.

    Raises
    ------
    UnknownNameError
        One is not known: gives near names.
    """
    return tuple(
        find_territory(code, kind="qp", settings=settings, store=store).code for code in codes
    )


def _territories(query: Query, narrowed: Query, settings: Settings, store: Store) -> pd.DataFrame:
    kind: Kind = query.kind
    if None not in (query.zoning, narrowed.zoning) and query.zoning != narrowed.zoning:
        return load_territories(kind=kind, settings=settings, store=store).head(0)
    zoning: Zoning | None = narrowed.zoning or query.zoning
    rows = load_territories(
        kind=kind, zoning=zoning, region=query.region, departement=query.departement,
        epci=query.epci, commune=query.commune, settings=settings, store=store,
    )  # fmt: skip
    filters = narrowed.model_dump(include={"region", "departement", "epci", "commune"})
    if any(filters.values()):
        inside = load_territories(kind=kind, settings=settings, store=store, **filters)
        rows = rows.loc[rows["code"].isin(inside["code"])]
    return rows


def require_tasks(tasks: list[Task]) -> None:
    """Refuse an empty batch.

    Raises
    ------
    QpvkitError
        Nothing answers the query.
    """
    if not tasks:
        msg = "Aucun quartier ne répond à ces critères : qpvkit list qp"
        raise QpvkitError(msg)
