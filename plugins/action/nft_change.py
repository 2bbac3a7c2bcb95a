# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settle a pending change; a confirmation travels over a new connection, because an old one proves nothing about the
new rules.
"""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase
from ansible.plugins.connection import ConnectionBase

from ansible_collections.pacs.hardening.plugins.module_utils._nft.arguments import CHANGE_ARGUMENTS, CHANGE_REQUIRED_IF

MODULE = "pacs.hardening.nft_change"

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


class ActionModule(ActionBase):
    """Face of the module of the same name."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(CHANGE_ARGUMENTS, required_if=CHANGE_REQUIRED_IF)
        state, unproven = arguments["state"], None
        if state == "waiting" or (state == "confirmed" and not self._task.check_mode):
            unproven = renew(self._connection)
        result: dict[str, Any] = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
        if unproven and (result.get("changed") or result.get("waiting")):
            result.setdefault("warnings", []).append(f"{state}, but nothing was proven about the network: {unproven}")
        return result
