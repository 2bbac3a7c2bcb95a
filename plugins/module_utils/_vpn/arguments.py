# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments that the modules for OpenVPN share. Private. Pure: no I/O."""

from __future__ import annotations

from typing import Any

#: Names and paths of a server; see C(server) in the return value of the filter openvpn_files.
SERVER: dict[str, Any] = {
    "type": "dict",
    "required": True,
    "options": {
        **{
            name: {"type": "str", "required": True}
            for name in (
                "name",
                "identity",
                "unit",
                "management",
                "certificate",
                "authority",
                "revocations",
                "codes",
                "settled",
            )
        },
        # Paths: nothing of them is secret.
        **{
            name: {"type": "str", "required": True, "no_log": False}
            for name in ("private_key", "tls_crypt", "token_key")
        },
        "owned": {"type": "list", "elements": "str", "required": True},
    },
}
