# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pacs.hardening.openvpn_files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import filter_face, plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_document import rendered_document
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_load import load_gateway


@filter_face
def openvpn_files(
    gateway: object, authority: str = "", certificate: str = "", revocations: str = "", today: object = None
) -> dict[str, Any]:
    """Render what OpenVPN reads on a gateway."""
    texts = (str(plain(text)) for text in (authority, certificate, revocations))
    return rendered_document(load_gateway(plain(gateway)), _day(today), *texts)


def _day(value: object) -> date:
    if value is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise AnsibleFilterError(f"today: '{value}' is not a date. Write it like 2026-11-23.") from error


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"openvpn_files": openvpn_files}
