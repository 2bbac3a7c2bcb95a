# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that make a host able to undo a change without Ansible, Python or us. Private, pure data.

C(pacs-firewall), whose text is in the folder C(tool), rolls back and loads at boot; its unit runs it at boot; the
drop-in makes Debian's and RHEL's C(nftables.service), which flush every table on start, reload and stop, carry our
tables over in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import BOOT_UNIT, Layout
from ansible_collections.pacs.hardening.plugins.module_utils._nft.tool.text import tool_text


@dataclass(frozen=True)
class HostFile:
    """A file to be found on the host with exactly this content, owned by root. I(mode) is its permission bits."""

    path: str
    content: str
    mode: int


def host_files(layout: Layout) -> tuple[HostFile, ...]:
    """The host's files for this layout: the tool, the boot unit, the drop-in."""
    return (
        HostFile(layout.tool, tool_text(layout), 0o755),
        HostFile(f"{layout.units}/{BOOT_UNIT}", _fill(_UNIT, layout), 0o644),
        HostFile(f"{layout.units}/nftables.service.d/pacs-hardening.conf", _fill(_DROP_IN, layout), 0o644),
    )


def _fill(template: str, layout: Layout) -> str:
    return template.replace("@JOURNAL@", layout.journal).replace("@TOOL@", layout.tool)


_UNIT = """\
# Written by the Ansible collection pacs.hardening. Changes here are overwritten.
[Unit]
Description=PACS firewall rules (roll back what nobody confirmed, load the last confirmed)
DefaultDependencies=no
RequiresMountsFor=@JOURNAL@ @TOOL@
# After nftables.service, which flushes every table; before any network is up.
After=local-fs.target nftables.service
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=@TOOL@ boot
# Stopping this unit leaves the rules in force; it only keeps what they have seen.
ExecStop=@TOOL@ remember

[Install]
WantedBy=sysinit.target
"""

_DROP_IN = """\
# Written by the Ansible collection pacs.hardening. Changes here are overwritten.
# The distribution's commands flush every table. These do what they do, and keep our tables, in one transaction.
[Unit]
RequiresMountsFor=@TOOL@

[Service]
ExecStart=
ExecStart=@TOOL@ nftables-start
ExecReload=
ExecReload=@TOOL@ nftables-reload
ExecStop=
ExecStop=@TOOL@ nftables-stop
"""
