"""Which reports of a batch must be made again, and why."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from qpvkit.load.digests import Digests
from qpvkit.load.store import Store
from qpvkit.publish.manifest import Entry, Manifest
from qpvkit.publish.parameters import find_notebook
from qpvkit.publish.record import changes_since, read_record, shared_inputs
from qpvkit.publish.tasks import Task
from qpvkit.settings import Settings

Freshness = Literal["fresh", "stale", "absent", "failed"]
STATE_WORDS: Final[dict[Freshness, str]] = {
    "fresh": "à jour", "stale": "périmé", "absent": "absent", "failed": "en échec",
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a report must be made.

    Attributes
    ----------
    task
        The report.
    state
        ``fresh``, ``stale``, ``absent`` or ``failed``.
    why
        What changed, in French; empty for a fresh report.
    """

    task: Task
    state: Freshness
    why: str = ""


def judge(
    tasks: Sequence[Task], manifest: Manifest, *, settings: Settings, store: Store
) -> list[Verdict]:
    """Compare what each page was made of with what it would be made of now.

    A report whose rows are the same in a new store is fresh; its entry then names that store.
    """
    fingerprint = str(store.manifest["fingerprint"])
    inputs = {
        name: shared_inputs(find_notebook(name, settings=settings), settings)
        for name in dict.fromkeys(task.notebook for task in tasks)
    }
    digests: Digests | None = None
    verdicts = []
    for task in tasks:
        entry = manifest.entries.get(task.page) or _adopt(task, manifest)
        known = _at_once(task, entry)
        if known is not None or entry is None or entry.record is None:
            verdicts.append(known or Verdict(task=task, state="absent", why="jamais produit"))
            continue
        if entry.store != fingerprint and digests is None:
            digests = store.digests()
        changed = changes_since(
            entry.record,
            inputs=inputs[task.notebook],
            digests=None if entry.store == fingerprint else digests,
        )
        if changed:
            why = (
                f"ont changé : {', '.join(changed)}"
                if len(changed) > 1
                else f"a changé : {changed[0]}"
            )
            verdicts.append(Verdict(task=task, state="stale", why=why))
            continue
        if entry.store != fingerprint:
            manifest.entries[task.page] = dataclasses.replace(entry, store=fingerprint)
            manifest.compared = True
        verdicts.append(Verdict(task=task, state="fresh"))
    return verdicts


def _adopt(task: Task, manifest: Manifest) -> Entry | None:
    """Take up a page that nobody told of: its batch was killed before it could."""
    page = manifest.folder / task.page
    record = read_record(page) if page.exists() else None
    if record is None:
        return None
    entry = Entry(page=task.page, notebook=task.notebook, code=task.code, record=record)
    manifest.entries[task.page] = entry
    return entry


def _at_once(task: Task, entry: Entry | None) -> Verdict | None:
    """Judge what needs no digest."""
    if entry is None:
        return Verdict(task=task, state="absent", why="jamais produit")
    if entry.state == "failed":
        return Verdict(task=task, state="failed", why=entry.error)
    if entry.record is not None and entry.record.parameters != task.parameters:
        return Verdict(task=task, state="stale", why="a changé : les paramètres")
    return None


def to_make(
    verdicts: Iterable[Verdict], manifest: Manifest, *, force: bool = False, resume: bool = False
) -> list[Task]:
    """Return the reports to make.

    Parameters
    ----------
    force
        Make the fresh ones too.
    resume
        Leave what the interrupted batch made, failures included.
    """
    since = manifest.interrupted if resume else ""
    chosen = []
    for verdict in verdicts:
        entry = manifest.entries.get(verdict.task.page)
        if since and entry is not None and entry.made >= since:
            continue
        if force or verdict.state != "fresh":
            chosen.append(verdict.task)
    return chosen


def count_states(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Return how many reports are in each state, in words."""
    counts = Counter(verdict.state for verdict in verdicts)
    return {words: counts[state] for state, words in STATE_WORDS.items() if counts[state]}
