# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proposes on the controller a site that permits what was seen, and writes it as YAML."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from ansible_collections.pacs.hardening.plugins.plugin_utils._reporting import (
    Report,
    ReportingAction,
    json_text,
    read_recorded,
)

_SITE, _DOCUMENT = "proposed_site.yml", "proposed_site.json"


class ActionModule(ReportingAction):
    """The action pacs.hardening.site_proposal; see the module of the same name for its documentation."""

    ARGUMENTS: ClassVar = {
        "site": {"type": "dict", "required": True},
        "firewalls": {"type": "dict", "default": {}},
        "files": {"type": "list", "elements": "path", "default": []},
        "directory": {"type": "path", "required": True},
    }

    def report(self, arguments: Mapping[str, Any]) -> Report:
        """The proposal, and what it rests on."""
        # Imported here, so that a missing library is one clear message and not a plugin that doesn't load.
        from ansible_collections.pacs.hardening.plugins.plugin_utils._gate.own_tries import own_tries
        from ansible_collections.pacs.hardening.plugins.plugin_utils._observed import proposal_text
        from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.collected import views_of
        from ansible_collections.pacs.hardening.plugins.plugin_utils._observed.propose import propose, usable_site
        from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

        files = read_recorded(arguments["files"])
        usable = usable_site(arguments["site"])
        views = views_of(usable.site, arguments["firewalls"]) if arguments["firewalls"] else {}
        proposal = propose(usable, views, files, own_tries(compile_site(usable.document)))
        lines = [
            f"A proposal for {usable.site.name}, from what was seen:",
            *(f"  {line}" for line in proposal_text.sources(views, files)),
            "",
            *proposal_text.summary(proposal),
        ]
        document = proposal_text.proposal_document(proposal)
        texts = {
            _SITE: proposal_text.proposal_text(proposal, views, files, datetime.now(UTC)),
            _DOCUMENT: json_text(document),
        }
        return Report(lines, texts, _SITE, document, more={"site": proposal.site})
