"""Stops a playbook at the start of a task until the test that runs it has done what it wants to do there.

Environment: PAUSE_AT, a part of the task's name, and PAUSE_SOCKET, where the test listens (tests/pauses.py).
"""

from __future__ import annotations

import os
import socket
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: pause
type: notification
short_description: Stop at the start of a task
description: For tests of this collection.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core has no types
    """Runs in Ansible's own process, before the task is given to any host."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "pause"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        del is_conditional
        if os.environ["PAUSE_AT"] in task.get_name():
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(os.environ["PAUSE_SOCKET"])
                connection.recv(1)
