"""Run one notebook for one territory and export it as one page."""

from __future__ import annotations

import ast
import contextlib
import importlib
import logging
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qpvkit.errors import ReportError, UnknownNameError, near_names
from qpvkit.publish.export import export_html
from qpvkit.settings import Settings

if TYPE_CHECKING:
    from jupyter_client.manager import KernelManager
    from nbformat import NotebookNode

_PACKAGE_PARENT: Final = Path(__file__).resolve().parents[2]
_YES: Final = {"oui": True, "vrai": True, "true": True, "1": True}
_NO: Final = {"non": False, "faux": False, "false": False, "0": False}


class NotebookFailedError(ReportError):
    """A cell failed.

    Attributes
    ----------
    notebook, parameters
        What was run.
    cell
        The line of the cell at fault.
    cause
        The last line of the traceback.
    kept
        The executed notebook with its error; None when nothing could be kept.
    """

    def __init__(
        self, *, notebook: str, parameters: Mapping[str, object], cell: str, cause: str,
        kept: Path | None = None,
    ) -> None:  # fmt: skip
        self.notebook, self.parameters, self.cell = notebook, dict(parameters), cell
        self.cause, self.kept = cause, kept
        values = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        where = f" à la cellule « {cell} »" if cell else ""
        trace = f" Notebook conservé avec son erreur : {kept.name}." if kept else ""
        super().__init__(f"{notebook} ({values}) a échoué{where} : {cause}.{trace}")


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


def run_report(
    notebook: str, *, parameters: Mapping[str, object], settings: Settings,
    output: Path | None = None,
) -> Path:  # fmt: skip
    """Run a notebook and write its page.

    Parameters
    ----------
    notebook
        Its name, such as ``10_diagnostic_qp``.
    parameters
        Values of the cell tagged ``parameters``; texts are read as the cell's annotation says.
        `dataset` is that of the settings unless given.
    output
        The page to write; ``reports/<dataset>/<notebook>/<code>.html`` by default.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    UnknownNameError
        No such notebook or parameter, before anything runs: gives near names.
    NotebookFailedError
        A cell failed; the executed notebook is kept beside the page, as ``<code>.erreur.ipynb``.
    """
    path = find_notebook(notebook, settings=settings)
    node = _import("nbformat").read(path, as_version=4)
    declared = _declared(node)
    values = _typed(parameters, declared, path.stem)
    if "dataset" in declared:
        values.setdefault("dataset", settings.dataset)
        settings = settings.with_dataset(values["dataset"])
    page = output or _page_path(path.stem, values, declared, settings)
    page.parent.mkdir(parents=True, exist_ok=True)
    executed = _execute(node, path.stem, values, settings=settings, page=page)
    write_atomically(page, export_html(executed, dataset=settings.dataset))
    _error_path(page).unlink(missing_ok=True)
    return page


def _import(name: str) -> Any:  # noqa: ANN401 - libraries without types
    """Import a library that is slow to load, when a report is made."""
    return importlib.import_module(name)


def write_atomically(path: Path, text: str) -> None:
    """Write under a temporary name, then rename: a reader never meets half a page."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    temporary.replace(path)


def _declared(node: NotebookNode) -> dict[str, dict[str, str]]:
    """Read the parameters that the notebook declares: the cell is the schema."""
    papermill = _import("papermill")
    found: dict[str, dict[str, str]] = papermill.inspect_notebook(node)
    return found


def _typed(
    parameters: Mapping[str, object], declared: Mapping[str, Mapping[str, str]], notebook: str
) -> dict[str, Any]:
    """Check the names and read the texts as the annotations say."""
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


def _page_path(
    notebook: str, values: Mapping[str, Any], declared: Mapping[str, Mapping[str, str]],
    settings: Settings,
) -> Path:  # fmt: skip
    """Name the page after the first parameter, and after the others where they are not usual."""
    names = [name for name in declared if name != "dataset"]
    defaults = {name: ast.literal_eval(declared[name]["default"]) for name in names}
    if not names:
        return settings.reports_dir / f"{notebook}.html"
    stem = str(values.get(names[0], defaults[names[0]]))
    for name in names[1:]:
        if name in values and values[name] != defaults[name]:
            stem += f"_{name}-{values[name]}"
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in stem)
    return settings.reports_dir / notebook / f"{safe}.html"


def _error_path(page: Path) -> Path:
    return page.with_name(f"{page.stem}.erreur.ipynb")


def _execute(
    node: NotebookNode, notebook: str, values: Mapping[str, Any], *, settings: Settings, page: Path
) -> NotebookNode:
    """Run the notebook in a kernel of this very Python; keep it when a cell fails."""
    papermill = _import("papermill")
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what matters is raised
    executed: NotebookNode
    with tempfile.TemporaryDirectory() as folder, _environment(settings):
        draft = Path(folder) / "executed.ipynb"
        try:
            executed = papermill.execute_notebook(
                node, str(draft), parameters=dict(values), kernel_name="python3",
                progress_bar=False, request_save_on_cell_execute=False,
                kernel_manager_class=_kernel_of_this_python(),
            )  # fmt: skip
        except papermill.PapermillExecutionError as error:
            kept = _error_path(page)
            shutil.move(draft, kept)
            raise NotebookFailedError(
                notebook=notebook, parameters=values, kept=kept,
                cell=_failing_line(error.source, error.traceback),
                cause=" ".join(f"{error.ename} : {error.evalue}".split()).rstrip(".: "),
            ) from error  # fmt: skip
        except KeyboardInterrupt:
            logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # of the cell left in the air
            raise
        except (RuntimeError, TimeoutError) as error:  # the kernel died, or did not start
            cause = f"le noyau Python s'est arrêté ({error})"
            raise NotebookFailedError(
                notebook=notebook, parameters=values, cell="", cause=cause
            ) from error
    return executed


def _failing_line(source: str, traceback: list[str]) -> str:
    r"""Return the line of the cell that failed; its first line when the traceback hides it.

    Examples
    --------
    >>> _failing_line("a = 1\nb = a / 0", ["----> 2 b = a / 0"])
    'b = a / 0'
    """
    plain = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(traceback))
    arrow = re.search(r"^-+> (\d+)\b", plain, re.MULTILINE)
    lines = source.strip("\n").splitlines() or [""]
    position = int(arrow[1]) - 1 if arrow else 0
    return lines[position if position < len(lines) else 0].strip()


def _kernel_of_this_python() -> type[KernelManager]:
    """Return a kernel manager that runs this interpreter, whatever kernels are installed."""
    import zmq  # noqa: PLC0415 - slow to import
    from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415 - slow to import
    from jupyter_client.manager import AsyncKernelManager  # noqa: PLC0415
    from traitlets import default  # noqa: PLC0415

    class ThisPython(AsyncKernelManager):
        @default("kernel_spec_manager")
        def _kernel_spec_manager_default(self) -> KernelSpecManager:
            return KernelSpecManager(parent=self, kernel_dirs=[])

        async def _async_start_kernel(self, **options: Any) -> None:  # noqa: ANN401
            options.setdefault("stderr", subprocess.DEVNULL)  # what cells say goes elsewhere
            await super()._async_start_kernel(**options)

        start_kernel = _async_start_kernel

        @default("transport_encryption")
        def _transport_encryption_default(self) -> str:
            return "auto" if zmq.has("curve") else "disabled"  # other users of the machine listen

    return ThisPython


@contextlib.contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    """Tell the kernel where data live and which qpvkit to import, wherever it starts."""
    python_path = [str(_PACKAGE_PARENT), os.environ.get("PYTHONPATH", "")]
    wanted = {
        "QPVKIT_HOME": str(settings.home),
        "QPVKIT_DATASET": settings.dataset,
        "PYTHONPATH": os.pathsep.join(filter(None, python_path)),
        "PYTHONHASHSEED": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
