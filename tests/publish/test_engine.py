"""Our engine gives what papermill's standard engine gives, cell by cell, and cleans up."""

from __future__ import annotations

import builtins
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from qpvkit.publish.engine import cannot_run_here
from qpvkit.publish.report import _kernel_of_this_python

ROOT = Path(__file__).resolve().parents[2]
SUITE = sorted((ROOT / "notebooks").glob("*.ipynb"))

FAITHFUL = [
    "1 + 1",
    "print('a')\n2;",
    "import sys\nprint('b', file=sys.stderr)\n3",
    "from IPython.display import HTML, clear_output, display, update_display\n"
    "h = display('x', display_id='k')\ndisplay(HTML('<b>x</b>'), metadata={'a': 1})",
    "update_display('y', display_id='k')",
    "print('before')\nclear_output(wait=True)\nprint('after')",
    "print('gone')\nclear_output()",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
    "fig = plt.figure()\nfig.gca().bar(['é'], [1]);",
    "%config InlineBackend.figure_formats = ['svg']\nplt.rcParams['svg.hashsalt'] = 'x'",
    "import asyncio\nawait asyncio.sleep(0.01)\n"
    "task = asyncio.create_task(asyncio.sleep(0, 'done'))",
    "await task",
    "asyncio.get_running_loop().is_running()",
    "!echo shell",
    "%%bash\necho bash",
    # a kernel reads its descriptors in a thread: give it time
    "import os, time\nos.system('echo system')\ntime.sleep(1)\nsys.stdout.flush()",
    "type(get_ipython()).__name__, __name__, sys.modules['__main__'].__dict__ is globals()",
    "Out[1], In[1], _i",
    "try:\n    input()\nexcept Exception as error:\n    print(type(error).__name__, error)",
    "import pandas as pd\npd.DataFrame({'a': [1, None]})",
    "class Both:\n"
    "    def _repr_mimebundle_(self, include=None, exclude=None):\n"
    "        data = {'text/html': '<i>h</i>', 'application/x+json': {'t': (1, 2)}}\n"
    "        return data, {'text/html': {'m': 1}}\n"
    "Both()",
    "class Broken:\n    def _repr_html_(self):\n        raise ValueError('no')\nBroken()",
    "x = 1\nx?",
    "def f():\n    yield 1\nnext(f())",
    "import subprocess\nsubprocess.run([sys.executable, '-c', 'print(5)'], check=True).returncode",
    "from IPython.core.magic import register_line_magic\n"
    "@register_line_magic\ndef double(line):\n    return line * 2\n%double ab",
    "get_ipython().set_next_input('later')\n'kept'",
    "print('\\x1b[31mred\\x1b[0m')\n'é' * 3",
]  # fmt: skip


def write(path: Path, sources: list[str], **tags: list[str]) -> Path:
    cells = [
        new_code_cell(source, metadata={"tags": tags.get(f"c{rank}", [])})
        for rank, source in enumerate(sources)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)
    return path


def run(source: Path, output: Path, engine: str | None, **options):
    os.environ.pop("PYTEST_CURRENT_TEST", None)  # ipykernel leaves descriptors alone under pytest
    if engine is None:
        options.setdefault("kernel_manager_class", _kernel_of_this_python())
    try:
        papermill.execute_notebook(
            str(source), str(output), engine_name=engine, kernel_name="python3",
            progress_bar=False, request_save_on_cell_execute=False, **options,
        )  # fmt: skip
    except papermill.PapermillExecutionError as error:
        return nbformat.read(output, as_version=4), error
    return nbformat.read(output, as_version=4), None


def told(cell) -> tuple:
    """Return what a reader of the notebook sees of a cell, streams put together."""
    streams: dict[str, str] = {}
    outputs = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            streams[output.name] = streams.get(output.name, "") + output.text
        else:
            outputs.append({key: value for key, value in output.items() if key != "transient"})
    text = re.sub(r"(ipykernel_|0x)[0-9a-f]+", r"\1N", repr((outputs, sorted(streams.items()))))
    status = cell.metadata.get("papermill", {}).get("status")
    return text, cell.get("execution_count"), status


def assert_same(ours, theirs) -> None:
    assert len(ours.cells) == len(theirs.cells)
    for one, other in zip(ours.cells, theirs.cells, strict=True):
        assert told(one) == told(other), one.source
    assert ours.metadata.language_info == theirs.metadata.language_info


def test_every_cell_is_the_same_as_with_a_kernel(tmp_path):
    broken = next(rank for rank, text in enumerate(FAITHFUL) if "Broken" in text)
    source = write(tmp_path / "in.ipynb", FAITHFUL, **{f"c{broken}": ["raises-exception"]})
    theirs, _ = run(source, tmp_path / "theirs.ipynb", None)
    ours, _ = run(source, tmp_path / "ours.ipynb", "qpvkit")
    assert_same(ours, theirs)


@pytest.mark.parametrize("path", SUITE, ids=lambda path: path.stem)
def test_every_notebook_of_the_suite_is_the_same(path, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONHASHSEED", "0")
    theirs, _ = run(path, tmp_path / "theirs.ipynb", None)
    ours, _ = run(path, tmp_path / "ours.ipynb", "qpvkit")
    assert_same(ours, theirs)


def test_a_failure_is_the_same_and_the_notebook_is_saved(tmp_path):
    sources = ["print('before')", "def f():\n    1 / 0\nf()", "'never'"]
    source = write(tmp_path / "in.ipynb", sources)
    theirs, their_error = run(source, tmp_path / "theirs.ipynb", None)
    ours, our_error = run(source, tmp_path / "ours.ipynb", "qpvkit")
    assert_same(ours, theirs)
    assert (our_error.ename, our_error.evalue) == (their_error.ename, their_error.evalue)
    assert our_error.source == their_error.source
    assert len(our_error.traceback) == len(their_error.traceback)
    assert ours.cells[-1].outputs == []
    assert ours.metadata.papermill.exception is True


def test_a_cell_that_may_fail_lets_the_others_run(tmp_path):
    source = write(tmp_path / "in.ipynb", ["1 / 0", "'next'"], c0=["raises-exception"])
    theirs, their_error = run(source, tmp_path / "theirs.ipynb", None)
    ours, our_error = run(source, tmp_path / "ours.ipynb", "qpvkit")
    assert our_error.ename == their_error.ename  # papermill raises at the end
    assert_same(ours, theirs)
    assert ours.cells[-1].outputs[0].data["text/plain"] == "'next'"


@pytest.mark.parametrize("loop", ["while True:\n    pass", "import time\ntime.sleep(60)",
                                  "import asyncio\nawait asyncio.sleep(60)"])  # fmt: skip
def test_a_cell_that_lasts_too_long_is_interrupted(tmp_path, loop):
    source = write(tmp_path / "in.ipynb", ["print('first')", loop])
    with pytest.raises(TimeoutError, match="timed out"):
        run(source, tmp_path / "out.ipynb", "qpvkit", execution_timeout=0.3)


def test_an_interruption_by_timeout_can_be_kept_in_the_notebook(tmp_path):
    source = write(tmp_path / "in.ipynb", ["import time\ntime.sleep(60)", "'next'"])
    ours, error = run(
        source, tmp_path / "out.ipynb", "qpvkit", execution_timeout=0.3, interrupt_on_timeout=True
    )
    assert error.ename == "KeyboardInterrupt"
    outputs = [output for cell in ours.cells for output in cell.get("outputs", [])]
    assert "KeyboardInterrupt" in [output.get("ename") for output in outputs]


def test_ctrl_c_is_an_error_of_the_cell(tmp_path):
    send = f"import os, signal\nos.kill({os.getpid()}, signal.SIGINT)\nimport time\ntime.sleep(5)"
    source = write(tmp_path / "in.ipynb", [send])
    before = signal.getsignal(signal.SIGINT)  # ignored in what a script runs in the background
    _, error = run(source, tmp_path / "out.ipynb", "qpvkit")
    assert error.ename == "KeyboardInterrupt"
    assert signal.getsignal(signal.SIGINT) is before


def test_this_process_is_put_back_as_it_was(tmp_path):
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    before = (dict(os.environ), sys.modules["__main__"], sys.stdout, sys.displayhook,
              list(sys.path), set(vars(builtins)))  # fmt: skip
    source = write(
        tmp_path / "in.ipynb",
        ["import os, sys\nos.environ['NEW'] = '1'\nsys.path.append('/nowhere')\nleft = 1",
         "import os\nos.write(1, b'x')"],
    )  # fmt: skip
    run(source, tmp_path / "one.ipynb", "qpvkit")
    after = (dict(os.environ), sys.modules["__main__"], sys.stdout, sys.displayhook,
             list(sys.path), set(vars(builtins)))  # fmt: skip
    assert after == before
    again, error = run(
        write(tmp_path / "two.ipynb", ["'left' in globals()"]), tmp_path / "o.ipynb", "qpvkit"
    )
    assert error is None
    assert again.cells[0].outputs[0].data["text/plain"] == "False"
    assert again.cells[0].execution_count == 1


def test_another_kernel_or_thread_is_left_to_the_standard_engine(tmp_path):
    assert "ir" in cannot_run_here("ir")
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(cannot_run_here("python3")))
    thread.start()
    thread.join()
    assert "fil principal" in found[0]


def test_a_process_with_an_event_loop_is_left_to_the_standard_engine():
    import asyncio

    async def ask() -> str:
        return cannot_run_here("python3")

    assert "boucle" in asyncio.run(ask())


def test_papermill_finds_the_engine_and_loads_nothing_heavy():
    code = (
        "import sys, papermill\n"
        "from papermill.engines import papermill_engines\n"
        "print(papermill_engines.get_engine('qpvkit').__name__)\n"
        "print([name for name in ('pandas', 'geopandas', 'matplotlib', 'ipykernel', 'IPython')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["QpvkitEngine", "[]"]


def test_the_engine_may_be_imported_before_papermill():
    code = "import qpvkit.publish.engine, papermill; print('ok')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "ok"
