"""A papermill engine that runs the cells of a notebook in this very process.

``papermill --engine qpvkit in.ipynb out.ipynb`` finds it through its entry point. papermill loads
every engine whenever it starts, so this module imports nothing heavy: what runs the cells is in
`qpvkit.publish.kernel`.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import sys
import threading
from typing import Any, Final

_OURS: Final = frozenset({"python3", "python", "qpvkit"})


class QpvkitEngine:
    """Run the cells by IPython in this process: no kernel to start, no message to wait for.

    The outputs are those of the standard engine. The process itself is the isolation: a batch
    forks one for each report. Where that cannot be, the standard engine is used: another kernel
    than Python, a thread that is not the main one, a process that already runs IPython or an
    event loop.

    What papermill asks of an engine is answered by a subclass of its own ``Engine``, made when it
    is first needed: this module may be imported before papermill, which imports it in turn.
    """

    @classmethod
    def execute_notebook(cls, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        """Run a notebook; papermill's own manager marks its cells and saves it."""
        return _engine().execute_notebook(*arguments, **options)

    @classmethod
    def nb_kernel_name(cls, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        """Read the name of the kernel in the notebook."""
        return _engine().nb_kernel_name(*arguments, **options)

    @classmethod
    def nb_language(cls, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401
        """Read the language in the notebook."""
        return _engine().nb_language(*arguments, **options)


@functools.cache
def _engine() -> Any:  # noqa: ANN401 - papermill has no types
    """Make the subclass of papermill's engine."""
    engines = importlib.import_module("papermill.engines")

    class Here(engines.Engine):  # type: ignore[misc, name-defined]
        @classmethod
        def execute_managed_notebook(
            cls,
            nb_man: Any,  # noqa: ANN401
            kernel_name: str,
            *,
            start_timeout: int = 60,
            execution_timeout: float | None = None,
            **options: Any,  # noqa: ANN401
        ) -> Any:  # noqa: ANN401
            if cannot_run_here(kernel_name):
                return engines.NBClientEngine.execute_managed_notebook(
                    nb_man, kernel_name, start_timeout=start_timeout,
                    execution_timeout=execution_timeout, **options,
                )  # fmt: skip
            from qpvkit.publish.kernel import InProcessClient  # noqa: PLC0415 - ipykernel is slow

            left = {"input_path", "timeout", "startup_timeout", "kernel_manager_class"}
            kept = {name: value for name, value in options.items() if name not in left}
            timeout = execution_timeout or options.get("timeout")
            return InProcessClient(
                nb_man, timeout=timeout, kernel_name=kernel_name, **kept
            ).execute()

    return Here


def cannot_run_here(kernel_name: str) -> str:
    """Return why the cells cannot run in this process; an empty text when they can.

    Examples
    --------
    >>> cannot_run_here("ir")
    "le noyau « ir » n'est pas Python"
    """
    if kernel_name not in _OURS:
        return f"le noyau « {kernel_name} » n'est pas Python"
    if threading.current_thread() is not threading.main_thread():
        return "ce n'est pas le fil principal du processus"
    shell = sys.modules.get("IPython.core.interactiveshell")
    if shell is not None and shell.InteractiveShell.initialized():
        return "IPython tourne déjà dans ce processus"
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return ""
    return "une boucle d'événements tourne déjà dans ce processus"
