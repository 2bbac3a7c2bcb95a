"""Run a playbook up to a task, do something else, and let it go on: faults at a moment of the test's choice."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playbooks import PROJECT, PlaybookRun, start_playbook, summarise

_PLUGINS = PROJECT / "tests" / "callback_plugins"
_PATIENCE = 120.0


class Paused:
    """A playbook that stands at the start of a task."""

    def __init__(self, process: subprocess.Popen[str], connection: socket.socket) -> None:
        self.process = process
        self._connection = connection

    def go_on(self, timeout: float = 300) -> PlaybookRun:
        """Let it run to its end."""
        self._connection.sendall(b".")
        output, _errors = self.process.communicate(timeout=timeout)
        return summarise(self.process.returncode, output)


@contextmanager
def paused_at(
    task: str, playbook: str | Path, *arguments: str, variables: Mapping[str, Any] | None = None
) -> Iterator[Paused]:
    """Start a playbook in a process group of its own, and wait until it comes to the task. Whatever is left of it at
    the end is killed.
    """
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/pause")
        listener.listen(1)
        listener.settimeout(_PATIENCE)
        environment = {
            "ANSIBLE_CALLBACK_PLUGINS": str(_PLUGINS),
            "ANSIBLE_CALLBACKS_ENABLED": "pause",
            "PAUSE_AT": task,
            "PAUSE_SOCKET": f"{folder}/pause",
        }
        process = start_playbook(playbook, *arguments, variables=variables, own_group=True, environment=environment)
        try:
            connection = _accept(listener, process, task)
            with connection:
                yield Paused(process, connection)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, 9)
                process.communicate()


def _accept(listener: socket.socket, process: subprocess.Popen[str], task: str) -> socket.socket:
    listener.settimeout(1)
    for _second in range(int(_PATIENCE)):
        try:
            return listener.accept()[0]
        except TimeoutError:
            if process.poll() is not None:
                break
    process.kill()
    raise AssertionError(f"the playbook never came to {task}:\n{process.communicate()[0]}")
