"""The mistakes an analyst can repair. Every message answers: what, which value, what now."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class QpvkitError(Exception):
    """Base of every error that qpvkit raises on purpose."""


class CatalogueError(QpvkitError, ValueError):
    """A catalogue file is wrong: unknown key, missing label, dangling reference."""


class BadCodeError(QpvkitError, ValueError):
    """A code is not a string of the form that its kind requires."""

    def __init__(self, message: str, *, code: object, kind: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind


class BadArgumentError(QpvkitError, ValueError):
    """An argument for which a measure has no meaning, whatever the data.

    A value that the data may hold (a share without people, more events than people) is not one:
    the measure answers it by NaN.
    """

    def __init__(self, message: str, *, argument: str, value: object) -> None:
        super().__init__(message)
        self.argument = argument
        self.value = value


class UnknownNameError(QpvkitError, KeyError):
    """A territory, indicator, source or notebook that nobody declared."""

    def __init__(self, what: str, name: str, *, near: Iterable[str] = (), hint: str = "") -> None:
        self.what = what
        self.name = name
        self.near = tuple(near)
        parts = [f"{what} : {name!r}."]
        if self.near:
            parts.append(f"Noms proches : {', '.join(self.near)}.")
        if hint:
            parts.append(hint)
        self.message = " ".join(parts)
        super().__init__(self.message)

    def __str__(self) -> str:
        """Return the sentence itself: KeyError would print its repr."""
        return self.message


class FileRefusedError(QpvkitError, ValueError):
    """A file that cannot be used as it is.

    Attributes
    ----------
    path
        The file.
    where
        The line, column, sheet, layer or member at fault; empty if it is the whole file.
    problem
        What was found.
    expected
        What would have been right.
    action
        What to do next.
    """

    def __init__(
        self, path: Path | str, *, problem: str, expected: str, action: str, where: str = ""
    ) -> None:
        self.path = Path(path)
        self.where = where
        self.problem = problem
        self.expected = expected
        self.action = action
        place = f"{self.path.name}, {where}" if where else self.path.name
        super().__init__(f"{place} : {problem} Attendu : {expected} À faire : {action}")


class MeasureRefusedError(QpvkitError, ValueError):
    """A measure that would not hold on these data.

    Attributes
    ----------
    measure
        The French name of the measure.
    problem, expected, action
        What was found, what would have been right, what to do next.
    """

    def __init__(self, measure: str, *, problem: str, expected: str, action: str) -> None:
        self.measure = measure
        self.problem = problem
        self.expected = expected
        self.action = action
        super().__init__(f"{measure} : {problem} Attendu : {expected} À faire : {action}")


class TableRefusedError(FileRefusedError):
    """A table filled in by a partner, with every mistake in it.

    Attributes
    ----------
    faults
        One French sentence for each mistake, with its sheet, row and column.
    """

    def __init__(self, path: Path | str, faults: Iterable[str], *, action: str) -> None:
        self.faults = tuple(faults)
        many = "s" if len(self.faults) > 1 else ""
        super().__init__(
            path,
            problem=f"{len(self.faults)} erreur{many} :\n- " + "\n- ".join(self.faults) + "\n",
            expected="un tableau sans erreur ; rien n'a été lu.",
            action=action,
        )


class MissingDataError(QpvkitError, LookupError):
    """The store does not hold what a command needs."""


class ReportError(QpvkitError, RuntimeError):
    """A notebook failed: its name, its parameters and the cell are in the message."""


def near_names(name: str, known: Iterable[str], *, count: int = 4) -> tuple[str, ...]:
    """Return the known names that look most like a mistyped one.

    Examples
    --------
    >>> near_names("QN09909M", ["QN09902M", "QN09901M", "QP099001"], count=2)
    ('QN09901M', 'QN09902M')
    """
    by_folded = {item.casefold(): item for item in known}
    found = difflib.get_close_matches(name.casefold(), sorted(by_folded), n=count, cutoff=0.6)
    return tuple(sorted(by_folded[item] for item in found))
