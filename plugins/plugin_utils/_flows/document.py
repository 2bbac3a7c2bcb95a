# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A flow as plain data, for playbooks and reports."""

from __future__ import annotations

from typing import Any

from .model import Endpoint, Flow, format_ports


def flow_document(flow: Flow) -> dict[str, Any]:
    """Plain dicts, lists and strings; ``text`` is the whole flow in one line."""
    return {
        "source": _endpoint(flow.source),
        "destination": _endpoint(flow.destination),
        "protocol": flow.protocol,
        "port": None if flow.ports is None else format_ports(flow.ports),
        "reasons": [str(reason) for reason in flow.reasons],
        "text": str(flow),
    }


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "kind": endpoint.kind,
        "name": endpoint.name,
        "zone": endpoint.zone,
        "networks": [str(network) for network in endpoint.networks],
    }
