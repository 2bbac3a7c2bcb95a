# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what Ansible returned for each host to the views of the site's firewalls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._site.model import Site
from .model import FirewallView, ObservedError
from .view import read_view, unread

_NOT_ASKED = "nobody asked it: the groups internal_firewalls and external_firewalls lack it, or --limit leaves it out"


def views_of(site: Site, results: Mapping[str, Any]) -> dict[str, FirewallView]:
    """A view for each firewall of the site, by its name; ``results`` of the module are by inventory name."""
    return {
        firewall.name: _view(firewall.pacs_host, results.get(firewall.pacs_host))
        for firewall in site.firewalls.values()
    }


def strangers(site: Site, results: Mapping[str, Any]) -> list[str]:
    """Hosts that were asked and are no firewall of the site."""
    known = {firewall.pacs_host for firewall in site.firewalls.values()}
    return sorted(set(results) - known)


def _view(host: str, result: Any) -> FirewallView:
    if not isinstance(result, Mapping):
        return unread(_NOT_ASKED)
    if "mode" not in result:
        # What Ansible says of a task that failed, of a host that is down, and of one that was skipped.
        lines = str(result.get("msg") or "").strip().splitlines()
        return unread(lines[0].removeprefix("Task failed: ") if lines else "it returned nothing")
    try:
        return read_view(result, host)
    except ObservedError as error:
        return unread(str(error))
