# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pre-shared keys as strongSwan reads them. Private, pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping


def secrets_text(secrets: Mapping[str, str], peers: Mapping[str, str]) -> str:
    """The text of a file in /etc/swanctl/conf.d; I(secrets) and the I(peers)' identities are by connection."""
    lines = ["# Written by the Ansible collection pacs.hardening. Changes here are overwritten.", "secrets {"]
    for name in sorted(secrets):
        # In base64 no character of a secret can end the line or the file's syntax.
        secret = base64.b64encode(secrets[name].encode("utf-8")).decode("ascii")
        lines += [f"\tike-{name} {{", f'\t\tid = "{peers[name]}"', f"\t\tsecret = 0s{secret}", "\t}"]
    return "\n".join([*lines, "}"]) + "\n"
