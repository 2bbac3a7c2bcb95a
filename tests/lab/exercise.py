"""The whole imaging workflow, step by step, for the demo and for `python -m lab exercise`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lab import workflows


@dataclass(frozen=True)
class Step:
    """One step of the workflow: ``title`` names it, ``detail`` says what came of it, ``seconds`` how long it took."""

    title: str
    ok: bool
    detail: str
    seconds: float


def play(*, images: int | None = None) -> Iterator[Step]:
    """Play all steps, yielding each as it ends. ``images``: how many of the DICOM files cross (default: all)."""
    stored = workflows.Stored((), "")

    def store() -> tuple[bool, str]:
        nonlocal stored
        stored = workflows.store_images(workflows.dicom_files()[:images])
        return stored.ok, stored.detail or f"{len(stored.uids)} images acknowledged"

    def find() -> tuple[bool, str]:
        found = workflows.found_in_orthanc(stored.uids)
        return bool(found) and found == frozenset(stored.uids), f"{len(found)} of {len(stored.uids)} by instance UID"

    def worklist() -> tuple[bool, str]:
        answer = workflows.read_worklist()
        return answer.ok, answer.detail or f"accession number {', '.join(answer.entries)}"

    def retrieve() -> tuple[bool, str]:
        got = workflows.retrieve(stored.instances)
        return got.ok, got.detail or f"{len(got.uids & got.expected)} of {len(got.expected)} files received"

    def commit() -> tuple[bool, str]:
        answer = workflows.commit(stored.instances)
        return (
            answer.ok,
            answer.detail or f"{len(answer.committed)} committed, {len(answer.failed)} failed",
        )

    def order() -> tuple[bool, str]:
        sent = workflows.send_order()
        return sent.ok, sent.detail or f"acknowledged with {sent.acknowledgement}"

    yield _timed("RAD-8  ct1 stores images on pacs1", store)
    yield _timed("       they are in the archive", find)
    yield _timed("RAD-5  ct1 reads its worklist from ris1", worklist)
    yield _timed("RAD-16 ws1 retrieves the studies, pacs1 delivers", retrieve)
    yield _timed("RAD-10 pacs1 commits, on an association of its own", commit)
    yield _timed("RAD-2  his1 orders at ris1", order)


def _timed(title: str, work: Callable[[], tuple[bool, str]]) -> Step:
    began = time.monotonic()
    ok, detail = work()
    return Step(title, ok, detail, time.monotonic() - began)
