# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's ruleset, as evidence. Private, pure."""

from __future__ import annotations

import json
import re
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Unreadable
from ansible_collections.pacs.hardening.plugins.module_utils._nft.arguments import TABLES

_MEMORY = ("undeclared4", "undeclared6")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+~-]{0,31}", re.ASCII)


def nftables_document(listing: str, legacy_tables: list[str] | None) -> dict[str, Any]:
    """C(version) and C(listing) from the output of C(nft -j list ruleset).

    What people wrote into tables that aren't ours, comments and log prefixes, may say anything and decides nothing:
    it is left out. So is what our table remembers, up to 130,000 connections that decide nothing:
    C(firewall_flows_info) reads that.
    """
    try:
        document = json.loads(listing)
        objects = document["nftables"]
        version = next((one["metainfo"]["version"] for one in objects if "metainfo" in one), "")
        for one in objects:
            for kind, body in one.items():
                if kind == "metainfo":
                    continue
                if not _is_ours(kind, body):
                    _strip(body)
                elif kind == "set" and body["name"] in _MEMORY:
                    body.pop("elem", None)
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as exc:
        raise Unreadable("the output of `nft -j list ruleset` is not what nft writes") from exc
    return {
        "version": version if _VERSION.fullmatch(str(version)) else None,
        "listing": document,
        "legacy_tables": legacy_tables,
    }


def _is_ours(kind: str, body: dict[str, Any]) -> bool:
    return f"{body['family']} {body['name' if kind == 'table' else 'table']}" in TABLES


def _strip(body: Any) -> None:
    if isinstance(body, list):
        for part in body:
            _strip(part)
    elif isinstance(body, dict):
        body.pop("comment", None)
        if isinstance(body.get("log"), dict):
            body["log"].pop("prefix", None)
        for part in body.values():
            _strip(part)
