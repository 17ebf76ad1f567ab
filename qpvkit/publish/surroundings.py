"""What surrounds the cells in this process: changed as a kernel would, then put back as it was."""

from __future__ import annotations

import builtins
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any, Final

_INLINE: Final = "module://matplotlib_inline.backend_inline"
_COLUMNS: Final = 20  # what pandas chooses when it is imported in a kernel


@contextlib.contextmanager
def kept_environment() -> Iterator[None]:
    """Put the environment back: the shell sets the variables of a terminal."""
    before = dict(os.environ)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # ipykernel imports a debugger
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update(before)


@contextlib.contextmanager
def kept_interpreter() -> Iterator[None]:
    """Put back what a shell changes in the interpreter, ``__main__`` first of all."""
    names = ("display", "get_ipython", "__IPYTHON__", "_", "input")
    builtin = {name: getattr(builtins, name) for name in names if hasattr(builtins, name)}
    main, hooks = sys.modules["__main__"], (sys.displayhook, sys.excepthook)
    path, argv = list(sys.path), list(sys.argv)
    interrupt = signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.path.insert(0, "")
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, interrupt)
        sys.modules["__main__"] = main
        sys.displayhook, sys.excepthook = hooks
        sys.path[:], sys.argv[:] = path, argv
        for name in names:
            if name in builtin:
                setattr(builtins, name, builtin[name])
            elif hasattr(builtins, name):
                delattr(builtins, name)


@contextlib.contextmanager
def inline_matplotlib() -> Iterator[None]:
    """Draw into the notebook, even where matplotlib was imported before."""
    os.environ.setdefault("MPLBACKEND", _INLINE)
    matplotlib = sys.modules.get("matplotlib")
    if matplotlib is None:
        yield
        return
    before = dict.__getitem__(matplotlib.rcParams, "backend")
    matplotlib.use(os.environ["MPLBACKEND"])
    try:
        yield
    finally:
        dict.__setitem__(matplotlib.rcParams, "backend", before)


@contextlib.contextmanager
def kernel_display() -> Iterator[None]:
    """Print tables as in a kernel: pandas, imported before, believes that it is in a terminal."""
    pandas = sys.modules.get("pandas")
    if pandas is None or pandas.get_option("display.max_columns") != 0:
        yield
        return
    with pandas.option_context("display.max_columns", _COLUMNS):
        yield


def join_matplotlib(shell: Any) -> None:  # noqa: ANN401
    """Tie a new shell to the inline backend, if a former one imported it."""
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    if inline is not None:
        config = sys.modules["matplotlib_inline.config"]
        config.InlineBackend.clear_instance()
        inline.configure_inline_support.current_backend = "unset"
        inline._enable_matplotlib_integration()  # noqa: SLF001 - what its import does
        shell.user_ns.setdefault("__name__", "__main__")
