"""Run one notebook for one territory and export it as one page."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import logging
import math
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from qpvkit.errors import ReportError
from qpvkit.load.digests import Digests
from qpvkit.load.reads import READS_VARIABLE, Read, read_journal, recording
from qpvkit.load.store import open_store
from qpvkit.publish.export import export_html, read_facts
from qpvkit.publish.libraries import notebook_library
from qpvkit.publish.parameters import find_notebook, page_name, read_notebook, typed_values
from qpvkit.publish.record import Record, make_record, sign_page
from qpvkit.settings import Settings

if TYPE_CHECKING:
    from jupyter_client.manager import KernelManager
    from nbformat import NotebookNode

Engine = Literal["kernel", "here"]
_PACKAGE_PARENT: Final = Path(__file__).resolve().parents[2]


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


class FolderError(ReportError):
    """Nothing can be written where the reports go: every other report would fail as well."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A page that was made, and what it was made of."""

    page: Path
    record: Record


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
    FolderError
        The page cannot be written.
    """
    return make_report(notebook, parameters=parameters, settings=settings, output=output).page


def make_report(
    notebook: str, *, parameters: Mapping[str, object], settings: Settings,
    output: Path | None = None, engine: Engine = "kernel", timeout: float | None = None,
    digests: Digests | None = None,
) -> Report:  # fmt: skip
    """Run a notebook, write its page and say what it was made of.

    Parameters
    ----------
    engine
        ``kernel``, a kernel of its own; ``here``, this process: see `QpvkitEngine`.
    timeout
        Seconds that a cell may last.
    digests
        Those of the store, to spare their reading in a batch.
    """
    path = find_notebook(notebook, settings=settings)
    node, declared = read_notebook(path)
    values = typed_values(parameters, declared, path.stem)
    if "dataset" in declared:
        values.setdefault("dataset", settings.dataset)
        settings = settings.with_dataset(values["dataset"])
    page = output or settings.reports_dir / page_name(path.stem, values, declared)
    with writing(page):
        page.parent.mkdir(parents=True, exist_ok=True)
    executed, reads = _execute(
        node, path.stem, values, settings=settings, page=page, engine=engine, timeout=timeout
    )
    if digests is None:
        digests = open_store(settings).digests() if reads else Digests(settings.store_dir, None)
    record = make_record(
        path, values, read_facts(executed), reads, settings=settings, digests=digests
    )
    text = sign_page(export_html(executed, dataset=settings.dataset), record)
    with writing(page):
        write_atomically(page, text)
        error_path(page).unlink(missing_ok=True)
    return Report(page=page, record=record)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in French why nothing can be written.

    Raises
    ------
    FolderError
        The disk is full, the folder is read-only or is not a folder.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        what = "Le disque est plein" if full else f"Écriture impossible ({error.strerror})"
        now = (
            "Libérez de la place, puis relancez la même commande : ce qui est fait est gardé."
            if full
            else "Ouvrez ce dossier en écriture, ou choisissez-en un autre : QPVKIT_HOME=DOSSIER."
        )
        msg = f"{what} : {path.parent}. {now}"
        raise FolderError(msg) from error


def write_atomically(path: Path, text: str) -> None:
    """Write under a temporary name, then rename: a reader never meets half a page."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def error_path(page: Path) -> Path:
    """Return where the notebook of a report that failed is kept."""
    return page.with_name(f"{page.stem}.erreur.ipynb")


def _execute(
    node: NotebookNode, notebook: str, values: Mapping[str, Any], *, settings: Settings,
    page: Path, engine: Engine, timeout: float | None,
) -> tuple[NotebookNode, set[Read]]:  # fmt: skip
    """Run the notebook; keep it when a cell fails. Returns what the store was asked for too."""
    papermill = notebook_library("papermill")
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what matters is raised
    options: dict[str, Any] = {"kernel_manager_class": _kernel_of_this_python()}
    limit = None if timeout is None else math.ceil(timeout)  # nbclient wants whole seconds
    if engine == "here":
        options = {"engine_name": "qpvkit"}
    with tempfile.TemporaryDirectory() as folder, recording() as reads:
        draft, journal = Path(folder) / "executed.ipynb", Path(folder) / "reads.jsonl"
        try:
            with _environment(settings, journal):
                executed = papermill.execute_notebook(
                    node, str(draft), parameters=dict(values), kernel_name="python3",
                    progress_bar=False, request_save_on_cell_execute=False,
                    execution_timeout=limit, **options,
                )  # fmt: skip
        except papermill.PapermillExecutionError as error:
            with writing(page):
                kept = error_path(page)
                shutil.move(draft, kept)
            raise NotebookFailedError(
                notebook=notebook, parameters=values, kept=kept,
                cell=_failing_line(error.source, error.traceback),
                cause=" ".join(f"{error.ename} : {error.evalue}".split()).rstrip(".: "),
            ) from error  # fmt: skip
        except KeyboardInterrupt:
            logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # of the cell left in the air
            raise
        except TimeoutError as error:
            cause = f"une cellule dure plus de {timeout:g} s (option --timeout)"
            raise NotebookFailedError(
                notebook=notebook, parameters=values, cell="", cause=cause
            ) from error
        except RuntimeError as error:  # the kernel died, or did not start
            cause = f"le noyau Python s'est arrêté ({error})"
            raise NotebookFailedError(
                notebook=notebook, parameters=values, cell="", cause=cause
            ) from error
        return executed, reads | read_journal(journal)


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
def _environment(settings: Settings, journal: Path) -> Iterator[None]:
    """Tell the kernel where data live and which qpvkit to import, wherever it starts."""
    python_path = [str(_PACKAGE_PARENT), os.environ.get("PYTHONPATH", "")]
    wanted = {
        "QPVKIT_HOME": str(settings.home),
        "QPVKIT_DATASET": settings.dataset,
        READS_VARIABLE: str(journal),
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
