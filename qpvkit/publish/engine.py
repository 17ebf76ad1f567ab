"""A papermill engine that runs the cells of a notebook in this very process.

``papermill --engine qpvkit in.ipynb out.ipynb`` finds it through its entry point. papermill loads
every engine whenever it starts, so this module imports nothing heavy: what runs the cells is in
`qpvkit.publish.kernel`.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import Any, Final

from papermill.engines import Engine, NBClientEngine

_OURS: Final = frozenset({"python3", "python", "qpvkit"})


class QpvkitEngine(Engine):  # type: ignore[misc]
    """Run the cells by IPython in this process: no kernel to start, no message to wait for.

    The outputs are those of the standard engine. The process itself is the isolation: a batch
    forks one for each report. Where that cannot be, the standard engine is used: another kernel
    than Python, a thread that is not the main one, a process that already runs IPython or an
    event loop.
    """

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,  # noqa: ANN401 - papermill has no types
        kernel_name: str,
        log_output: bool = False,
        stdout_file: Any = None,  # noqa: ANN401
        stderr_file: Any = None,  # noqa: ANN401
        start_timeout: int = 60,
        execution_timeout: int | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Run every cell; papermill's own manager marks their state and saves the notebook."""
        options = {
            "log_output": log_output, "stdout_file": stdout_file, "stderr_file": stderr_file,
        }  # fmt: skip
        why = cannot_run_here(kernel_name)
        if why:
            return NBClientEngine.execute_managed_notebook(
                nb_man, kernel_name, start_timeout=start_timeout,
                execution_timeout=execution_timeout, **options, **kwargs,
            )  # fmt: skip
        from qpvkit.publish.kernel import InProcessClient  # noqa: PLC0415 - ipykernel is slow

        left = {"input_path", "timeout", "startup_timeout", "kernel_manager_class"}
        kept = {name: value for name, value in kwargs.items() if name not in left}
        timeout = execution_timeout or kwargs.get("timeout")
        client = InProcessClient(
            nb_man, timeout=timeout, kernel_name=kernel_name, **options, **kept
        )
        return client.execute()


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
