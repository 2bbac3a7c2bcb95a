# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies on a firewall for vendor access: the tool, the command for people, what grants it to them, and units.
Private, pure data.
"""

from __future__ import annotations

from ansible_collections.pacs.hardening.plugins.module_utils._access.layout import (
    BOOT_UNIT,
    KEEP_TIMER,
    KEEP_UNIT,
    AccessLayout,
)


def command_text(layout: AccessLayout) -> str:
    """What people call: whoever comes by sudo may do less than root."""
    return _filled(_COMMAND, layout)


def unit_texts(layout: AccessLayout) -> dict[str, str]:
    """The units, by their name."""
    texts = {BOOT_UNIT: _BOOT, KEEP_UNIT: _KEEP, KEEP_TIMER: _TIMER}
    return {name: _filled(text, layout) for name, text in texts.items()}


def sudoers_text(layout: AccessLayout, group: str) -> str:
    """Members of I(group) may call the command as root, and no other."""
    return f"{_MANAGED}\n%{group} ALL=(root) NOPASSWD: {layout.command}\n"


def _filled(template: str, layout: AccessLayout) -> str:
    values = {"@MANAGED@": _MANAGED, "@STATE@": layout.state, "@TOOL@": layout.tool}
    for name, value in values.items():
        template = template.replace(name, value)
    return template


_MANAGED = "# Written by the Ansible collection pacs.hardening. Changes here are overwritten."

_COMMAND = """\
#!/bin/sh
@MANAGED@
# sudo itself sets SUDO_UID: whoever comes by it may grant what is approved for people on call, and nothing else.
if [ "${SUDO_UID:-0}" = 0 ]; then exec @TOOL@ "$@"; fi
exec @TOOL@ --on-call "$@"
"""

_BOOT = """\
@MANAGED@
[Unit]
Description=Vendor access (give back what was left of open windows)
DefaultDependencies=no
RequiresMountsFor=@STATE@ @TOOL@
# The rules are loaded by then, and no network is up yet.
After=local-fs.target pacs-firewall.service
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=@TOOL@ boot
ExecStop=@TOOL@ keep

[Install]
WantedBy=sysinit.target
"""

_KEEP = """\
@MANAGED@
[Unit]
Description=Vendor access (write down what is left of open windows)

[Service]
Type=oneshot
ExecStart=@TOOL@ keep
"""

_TIMER = """\
@MANAGED@
# Ends nothing: the kernel does. What it writes down only ever gets less.
[Unit]
Description=Vendor access (every minute while a window is open)

[Timer]
OnActiveSec=60s
OnUnitActiveSec=60s
AccuracySec=1s
"""
