"""What other programs and libraries in C write, which no Python stream sees."""

from __future__ import annotations

import os
import tempfile
from types import TracebackType
from typing import Self


class Descriptors:
    """Files under the descriptors 1 and 2 of this process, read at the end of each cell.

    Attributes
    ----------
    before
        Copies of the descriptors that were there.
    """

    def __enter__(self) -> Self:
        """Put a file under each."""
        self._files = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]
        self.before = [os.dup(number) for number in (1, 2)]
        self._read = [0, 0]
        for number, file in enumerate(self._files, start=1):
            os.dup2(file.fileno(), number)
        return self

    def new_text(self, number: int) -> str:
        """Return what came through a descriptor since the last time."""
        file, start = self._files[number - 1], self._read[number - 1]
        size = os.fstat(file.fileno()).st_size
        if size == start:
            return ""
        self._read[number - 1] = size
        return os.pread(file.fileno(), size - start, start).decode(errors="replace")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Put the descriptors back."""
        for number, (before, file) in enumerate(
            zip(self.before, self._files, strict=True), start=1
        ):
            os.dup2(before, number)
            os.close(before)
            file.close()
