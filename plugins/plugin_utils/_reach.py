# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How actions reach hosts that may not answer: over a new connection, within a time limit, with a plain reason."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection import ConnectionBase

# Connection plugins that enter the host without crossing its network stack. Last part of the name; anything else that
# can reset is believed.
_BYPASSING = frozenset(
    [
        "buildah",
        "chroot",
        "docker",
        "docker_api",
        "incus",
        "iocage",
        "jail",
        "kubectl",
        "local",
        "lxc",
        "lxd",
        "machinectl",
        "nsenter",
        "oc",
        "podman",
        "proxmox_pct_remote",
        "qubes",
        "toolbox",
        "zone",
    ]
)


class TimeUp(BaseException):
    """Not an Exception: connection plugins retry on those."""


def renew(connection: Any) -> str | None:
    """Drop the connection, so that the next use makes a new one. Returns why that proves nothing about the network,
    None if it does.
    """
    name = str(getattr(connection, "transport", "") or getattr(connection, "_load_name", ""))
    if name.rsplit(".", 1)[-1] in _BYPASSING:
        return f"the connection plugin {name} bypasses the network"
    if getattr(type(connection), "reset", ConnectionBase.reset) is ConnectionBase.reset:
        return f"the connection plugin {name} can't be reset"
    try:
        connection.reset()
    except AnsibleError as exc:
        return f"the connection could not be reset: {exc}"
    return None


def attempt(
    run: Callable[[], dict[str, Any]], answered: Callable[[Mapping[str, Any]], bool], seconds: float
) -> tuple[dict[str, Any] | None, str]:
    """(a module's own answer, "") or (None, why there is none). I(run) runs the module; I(answered) tells its answer
    from what Ansible says in its stead.
    """
    try:
        with time_limit(seconds):
            result = run()
    except TimeUp:
        return None, f"no answer within {seconds:.0f} s"
    except AnsibleConnectionFailure as exc:
        return None, f"connection lost: {shorten(exc)}"
    except AnsibleError as exc:
        return None, shorten(exc)
    if answered(result):
        return result, ""
    return None, shorten(result.get("module_stderr") or result.get("msg") or "no output")


def shorten(problem: object) -> str:
    """The last line of what somebody complained, of bounded length."""
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return (lines[-1] if lines else "no output")[:300]


def clock(seconds_from_now: float) -> str:
    """The controller's wall clock then, for people."""
    return time.strftime("%H:%M:%S", time.localtime(time.time() + seconds_from_now))


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeUp in the block after I(seconds).

    Gives way to an earlier alarm (a task's own C(timeout)), and re-arms a later one afterwards.
    """

    def up(_signal: int, _frame: object) -> None:
        raise TimeUp

    others, _interval = signal.getitimer(signal.ITIMER_REAL)
    if 0 < others <= seconds:
        yield
        return
    try:
        handler = signal.signal(signal.SIGALRM, up)
    except ValueError:  # Not the main thread: nothing to bound it with.
        yield
        return
    started = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if others:
            signal.setitimer(signal.ITIMER_REAL, max(0.001, others - (time.monotonic() - started)))
