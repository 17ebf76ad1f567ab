"""A Python kernel without sockets: ipykernel's own shell, whose messages go straight to nbclient.

Nothing of what a cell may do is imitated here: the cells run in ipykernel's `IPythonKernel`, the
messages are read by nbclient's `process_message`. What is replaced is the way between the two
(`_Session`), the thread that publishes (`_Publisher`) and the wait for an answer
(`InProcessClient`). Slow to import: only `QpvkitEngine` does, when a notebook runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any, Final

import ipykernel.ipkernel
from ipykernel.eventloops import enable_gui
from ipykernel.iostream import IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell as _KernelShell
from IPython.core.history import HistoryManager
from jupyter_client.session import Session
from nbclient.client import timestamp
from nbclient.exceptions import CellExecutionComplete, CellTimeoutError
from papermill.clientwrap import PapermillNotebookClient
from traitlets import Any as AnyTrait
from traitlets import Float, Type
from traitlets.config import Config

from qpvkit.publish.descriptors import Descriptors
from qpvkit.publish.surroundings import (
    inline_matplotlib,
    join_matplotlib,
    kept_environment,
    kept_interpreter,
    kernel_display,
)

Message = dict[str, Any]
_AGAIN: Final = 1.0  # seconds until a cell that survived its interruption gets another


class _Session(Session):
    """Hands messages over instead of sending them, in the form that a socket would give."""

    receive = AnyTrait()

    def send(  # noqa: PLR0913, PLR0917 - the signature of jupyter_client
        self,
        stream: Any,  # noqa: ANN401, ARG002
        msg_or_type: Any,  # noqa: ANN401
        content: Any = None,  # noqa: ANN401
        parent: Any = None,  # noqa: ANN401
        ident: Any = None,  # noqa: ANN401, ARG002
        buffers: Any = None,  # noqa: ANN401
        track: bool = False,  # noqa: ARG002
        header: Any = None,  # noqa: ANN401
        metadata: Any = None,  # noqa: ANN401
    ) -> Message:
        """Build the message, pass it through JSON as the socket would, and hand it over."""
        if isinstance(msg_or_type, str):
            msg = self.msg(
                msg_or_type, content=content, parent=parent, header=header, metadata=metadata
            )
        else:
            msg = msg_or_type
        sent = {name: self.unpack(self.pack(msg[name])) for name in ("content", "metadata")}
        self.receive({**msg, **sent, "buffers": list(map(bytes, buffers or ()))})
        whole: Message = msg
        return whole


class _Publisher(IOPubThread):
    """The thread that publishes, without a thread: streams are flushed when they are asked to."""

    def __init__(self) -> None:
        self.thread = None  # type: ignore[assignment]

    @property
    def io_loop(self) -> None:  # type: ignore[override]
        """None: nothing is put off."""

    @property
    def closed(self) -> bool:
        """False: it cannot be closed."""
        return False

    def schedule(self, f: Callable[[], None]) -> None:
        """Do nothing: a stream schedules its flush, which comes at the end of the cell at most."""

    def close(self) -> None:
        """Do nothing."""


class _Stream(OutStream):
    """ipykernel's stream, joined at each flush by what came through its descriptor."""

    def __init__(
        self, session: Session, publisher: _Publisher, name: str, files: Descriptors
    ) -> None:
        super().__init__(session, publisher, name, watchfd=False)
        self._files, self._rank = files, 1 if name == "stdout" else 2
        self._original_stdstream_copy = files.before[self._rank - 1]  # what `fileno()` gives

    def flush(self) -> None:
        """Send what was written."""
        text = self._files.new_text(self._rank)
        if text:
            self.write(text)
        super().flush()


class ZMQInteractiveShell(_KernelShell):
    """ipykernel's shell, under its own name: tqdm, rich and plotly look at the name."""

    def enable_gui(self, gui: Any = None) -> None:  # noqa: ANN401
        """Enable a graphical loop of this kernel: there is no application that holds it."""
        enable_gui(gui, kernel=self.kernel)
        self.active_eventloop = gui

    def init_history(self) -> None:
        """Keep the history in memory, as nbclient asks of a kernel."""
        self.history_manager = HistoryManager(shell=self, parent=self, hist_file=":memory:")
        self.configurables.append(self.history_manager)  # type: ignore[arg-type]


class _Debugger:
    """Nothing can be debugged without a front end."""

    def __init__(self, *_arguments: object) -> None:
        pass


class _Loop:
    """What ipykernel asks of its event loop while a cell runs."""

    def add_callback(self, callback: Callable[[], object]) -> None:
        """Run something soon, from a signal handler."""
        asyncio.get_event_loop().call_soon_threadsafe(callback)

    def call_later(self, *_arguments: object) -> None:
        """Do nothing: `exit()` stops the loop of a kernel that has one."""

    def stop(self) -> None:
        """Do nothing."""


class InProcessKernel(IPythonKernel):
    """ipykernel's kernel without its sockets and threads."""

    shell_class = Type(ZMQInteractiveShell)
    debugger_class = Type(_Debugger, klass=object)
    iopub_socket = AnyTrait()
    io_loop = AnyTrait()

    def start(self) -> None:
        """Do nothing: there is no channel to listen to."""

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Do nothing: there is no queue."""


class _Client:
    """The kernel client that nbclient holds: it asks, and the loop over cells answers."""

    def __init__(self, kernel: InProcessKernel) -> None:
        self._kernel = kernel
        self.session: Any = kernel.session
        self.shell_channel = self
        self.asked: Message = {}
        self._waiting: list[Message] = []

    def execute(self, code: str, *, store_history: bool, stop_on_error: bool) -> str:
        """Note what is asked, and return its number; `InProcessClient` runs it."""
        content = {
            "code": code, "silent": False, "store_history": store_history,
            "user_expressions": {}, "allow_stdin": False, "stop_on_error": stop_on_error,
        }  # fmt: skip
        self.asked = self.session.msg("execute_request", content)
        return str(self.asked["header"]["msg_id"])

    def send(self, message: Message) -> None:
        """Keep what a widget says to the kernel until the cell is over."""
        self._waiting.append(message)

    def deliver(self) -> None:
        """Give the kernel what widgets said."""
        waiting, self._waiting = self._waiting, []
        for message in waiting:
            manager: Any = self._kernel.comm_manager
            manager.comm_msg(None, [b""], message)


class InProcessClient(PapermillNotebookClient):  # type: ignore[misc]
    """nbclient's loop over cells, with a kernel in this process."""

    timeout = Float(None, allow_none=True)

    def execute(self, **_options: Any) -> Any:  # noqa: ANN401
        """Run every cell, and put this process back as it was."""
        self.reset_execution_trackers()
        self._route: tuple[str, Any, int] | None = None
        self._reply: Message | None = None
        self._late = False
        with contextlib.ExitStack() as stack:
            for restored in (kept_environment, kept_interpreter, inline_matplotlib, kernel_display):
                stack.enter_context(restored())
            files = stack.enter_context(Descriptors())
            self._kernel = stack.enter_context(_running_kernel(self._receive, files))
            self.kc = _Client(self._kernel)
            self.papermill_execute_cells()
            self.nb.metadata["language_info"] = dict(self._kernel.language_info)
            self.set_widgets_metadata()
        return self.nb

    def execute_cell(self, cell: Any, cell_index: int, **options: Any) -> Any:  # noqa: ANN401
        """Run one cell in the loop that the former cells used: their tasks go on."""
        self._place = (cell, cell_index)
        return _loop().run_until_complete(self.async_execute_cell(cell, cell_index, **options))

    async def _async_poll_kernel_alive(self) -> None:
        """Do nothing: this process is the kernel."""

    async def _async_poll_output_msg(self, *_arguments: object) -> None:
        """Do nothing: messages are handed over as they are made."""

    async def _async_poll_for_reply(
        self,
        msg_id: str,
        cell: Any,  # noqa: ANN401
        timeout: float | None,
        *_tasks: object,
    ) -> Message | None:
        """Run the cell and return the answer."""
        self._late, self._reply, self._route = False, None, (msg_id, *self._place)
        kernel, asked = self._kernel, self.kc.asked
        kernel.set_parent([b""], asked, channel="shell")
        kernel._publish_status("busy", "shell", parent=asked)  # noqa: SLF001
        with self._deadline(timeout):
            await kernel.execute_request(None, [b""], asked)
        self.kc.deliver()
        kernel._publish_status("idle", "shell", parent=asked)  # noqa: SLF001
        if self._late:
            if not self.interrupt_on_timeout:
                words = "Cell execution timed out"
                limit: Any = timeout
                raise CellTimeoutError.error_from_timeout_and_cell(words, limit, cell)
            if self.error_on_timeout:
                return {"content": {**self.error_on_timeout, "status": "error"}}
        if self.record_timing and self._reply:
            cell["metadata"]["execution"]["shell.execute_reply"] = timestamp(self._reply)
        return self._reply

    def _receive(self, msg: Message) -> None:
        """Give a message to nbclient, if it belongs to the cell that runs."""
        if msg["msg_type"] == "execute_reply":
            self._reply = msg
            return
        if self._route is None or (self._late and not self.interrupt_on_timeout):
            return
        number, cell, index = self._route
        if msg["parent_header"].get("msg_id") != number:
            return
        with contextlib.suppress(CellExecutionComplete):
            self.process_message(msg, cell, index)

    @contextlib.contextmanager
    def _deadline(self, timeout: float | None) -> Iterator[None]:
        """Interrupt a cell that lasts too long, as a kernel would be: by SIGINT, until it stops."""

        def too_late(_number: int, _frame: object) -> None:
            self._late = True
            signal.raise_signal(signal.SIGINT)

        if timeout is None:
            yield
            return
        before = signal.signal(signal.SIGALRM, too_late)
        signal.setitimer(signal.ITIMER_REAL, timeout, _AGAIN)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


def _loop() -> asyncio.AbstractEventLoop:
    """Return the loop of this thread, made once."""
    policy = asyncio.get_event_loop_policy()
    with contextlib.suppress(RuntimeError):
        loop = policy.get_event_loop()
        if not loop.is_closed():
            return loop
    loop = policy.new_event_loop()
    policy.set_event_loop(loop)
    return loop


# --- a kernel, and this process as it was ------------------------------------------------------


@contextlib.contextmanager
def _running_kernel(
    receive: Callable[[Message], None], files: Descriptors
) -> Iterator[InProcessKernel]:
    """Make the kernel of this process, with its streams, and take it away."""
    session = _Session(key=b"never sent", receive=receive)
    publisher = _Publisher()
    config = Config({"HistoryManager": {"hist_file": ":memory:"}})
    kernel = InProcessKernel.instance(
        config=config, session=session, iopub_socket=None, iopub_thread=None, io_loop=_Loop(),
        log=logging.getLogger("qpvkit.kernel"),
    )  # fmt: skip
    kernel.shell_channel_thread = types.SimpleNamespace(parent_thread=threading.main_thread())
    shell: Any = kernel.shell
    before = sys.stdout, sys.stderr
    sys.stdout = _Stream(session, publisher, "stdout", files)
    sys.stderr = _Stream(session, publisher, "stderr", files)
    try:
        shell.extension_manager.load_extension("storemagic")
        join_matplotlib(shell)
        yield kernel
    finally:
        sys.stdout, sys.stderr = before
        shell.history_manager.end_session()
        shell.restore_sys_module_state()
        ipykernel.ipkernel._comm_manager = None  # noqa: SLF001 - one for each kernel
        ZMQInteractiveShell.clear_instance()
        InProcessKernel.clear_instance()
