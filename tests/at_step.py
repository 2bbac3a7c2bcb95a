"""Does something to a Python program in a node at a step of the test's choice: kills it, or freezes it; or shows it
another wall clock. Every Python there loads this as it starts (tests/injections.py); without an order it does nothing.

The order is in ORDER, JSON. ``steps``: texts that are looked for, one after the other, in what the program does outside
of itself (the programs that it starts, the files that it opens for writing, moves or removes, the locks that it takes);
an empty one is in everything. ``then``: kill or freeze, before it takes the last of these steps; once. ``year``: the
wall clock stands at its beginning.
"""

from __future__ import annotations

import datetime
import json
import os
import signal
import sys
import time
from typing import Any

ORDER, REACHED = "/run/at-step", "/run/at-step.reached"
OUTSIDE = ("os.rename", "os.mkdir", "os.remove", "subprocess.Popen", "fcntl.flock")
SIGNALS = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP}


def watch(steps: list[str], then: str) -> None:
    """Wait for the steps."""
    left = list(steps)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if left and (writes or event in OUTSIDE) and left[0] in f"{event} {arguments[:2]}":
            left.pop(0)
            if not left:
                os.remove(ORDER)
                with open(REACHED, "w", encoding="ascii") as note:
                    note.write(str(os.getpid()))
                os.kill(os.getpid(), SIGNALS[then])

    sys.addaudithook(hook)


def show(year: int) -> None:
    """The wall clock of this program, and of nothing else, stands at the beginning of a year."""
    moment = datetime.datetime(year, 1, 1, tzinfo=datetime.UTC)

    class Jumped(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return moment.astimezone(tz)

    # A class stands in for a class: whoever asks it for the time gets the injected one.
    datetime.datetime = Jumped  # type: ignore[misc]
    time.time = moment.timestamp


def obey() -> None:
    """Do what the order says, if there is one."""
    try:
        with open(ORDER, encoding="ascii") as file:
            order = json.load(file)
    except OSError:
        return
    if "year" in order:
        show(order["year"])
    if "steps" in order:
        watch(order["steps"], order["then"])


obey()
