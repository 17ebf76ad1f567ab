"""The cell of parameters is the schema of a notebook: names, types, defaults, name of the page."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qpvkit.errors import UnknownNameError, near_names
from qpvkit.publish.libraries import notebook_library
from qpvkit.settings import Settings

if TYPE_CHECKING:
    from nbformat import NotebookNode

Declared = dict[str, dict[str, str]]
_YES: Final = {"oui": True, "vrai": True, "true": True, "1": True}
_NO: Final = {"non": False, "faux": False, "false": False, "0": False}


def find_notebook(name: str, *, settings: Settings) -> Path:
    """Return the path of a notebook from its name.

    Raises
    ------
    UnknownNameError
        No such notebook: gives near names.
    """
    known = {path.stem: path for path in sorted(settings.notebooks_dir.glob("*.ipynb"))}
    wanted = name.removesuffix(".ipynb")
    if wanted in known:
        return known[wanted]
    near = near_names(wanted, known) or tuple(known)
    what, hint = "notebook inconnu", "Liste : qpvkit list notebooks"
    raise UnknownNameError(what, name, near=near, hint=hint)


def read_notebook(path: Path) -> tuple[NotebookNode, Declared]:
    """Return a notebook and the parameters that it declares, with their types and defaults."""
    node = notebook_library("nbformat").read(path, as_version=4)
    return node, declared_parameters(path)


def declared_parameters(path: Path) -> Declared:
    """Read the cell of parameters, as `papermill.inspect_notebook` does.

    Without papermill nor nbformat, whose imports would take most of the time of a batch that has
    nothing to do.
    """
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    source = next(
        ("".join(cell["source"]) for cell in cells
         if "parameters" in cell.get("metadata", {}).get("tags", [])), "",
    )  # fmt: skip
    declared: Declared = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.AnnAssign):
            name, kind = ast.unparse(statement.target), ast.unparse(statement.annotation)
        elif isinstance(statement, ast.Assign):
            name, kind = ast.unparse(statement.targets[0]), "None"
        else:
            continue
        default = ast.get_source_segment(source, statement.value or statement) or ""
        declared[name] = {"name": name, "inferred_type_name": kind, "default": default}
    return declared


def typed_values(
    parameters: Mapping[str, object], declared: Declared, notebook: str
) -> dict[str, Any]:
    """Check the names and read the texts as the annotations say.

    Raises
    ------
    UnknownNameError
        No such parameter, or a value of another type.
    """
    for name in parameters:
        if name not in declared:
            what = f"paramètre inconnu du notebook {notebook}"
            known = ", ".join(declared) or "aucun"
            near = near_names(name, declared)
            raise UnknownNameError(what, name, near=near, hint=f"Paramètres : {known}.")
    return {
        name: _value(name, value, declared[name]["inferred_type_name"])
        for name, value in parameters.items()
    }


def _value(name: str, value: object, annotation: str) -> object:
    readers: dict[str, tuple[Callable[[str], object], str]] = {
        "str": (str, "un texte"),
        "int": (int, "un entier"),
        "float": (lambda text: float(text.replace(",", ".")), "un nombre"),
        "bool": (lambda text: (_YES | _NO)[text.strip().casefold()], "oui ou non"),
        "list[str]": (lambda text: [part.strip() for part in text.split(",")], "une liste"),
    }
    reader, expected = readers.get(annotation, (str, "un texte"))
    wrong = UnknownNameError(
        f"valeur illisible pour le paramètre {name}", str(value), hint=f"Attendu : {expected}."
    )
    if not isinstance(value, str):
        if annotation == "str":  # a code that was a number has lost its zeros
            raise wrong
        return value
    try:
        return reader(value)
    except (KeyError, ValueError) as error:
        raise wrong from error


def page_name(notebook: str, values: Mapping[str, Any], declared: Declared) -> str:
    """Name the page after the first parameter, and after the others where they are not usual.

    Examples
    --------
    >>> declared = {"code_qp": {"default": '"QN1"'}, "compte": {"default": "3"}}
    >>> page_name("05_essai", {"code_qp": "QN2", "compte": 4}, declared)
    '05_essai/QN2_compte-4.html'
    """
    names = [name for name in declared if name != "dataset"]
    defaults = {name: ast.literal_eval(declared[name]["default"]) for name in names}
    if not names:
        return f"{notebook}.html"
    stem = str(values.get(names[0], defaults[names[0]]))
    for name in names[1:]:
        if name in values and values[name] != defaults[name]:
            stem += f"_{name}-{values[name]}"
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in stem)
    return f"{notebook}/{safe}.html"
