# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way from a site document to policies, with everything worth a second look: compiled once a run."""

from __future__ import annotations

from dataclasses import dataclass

from .._flows.derive import derive
from .._flows.model import Flow
from .._site.faults import Fault
from .._site.load import load_site
from .._site.model import Site
from .compile import compile_policies, policy_findings
from .model import EnforcementPolicy


@dataclass(frozen=True, slots=True)
class Compiled:
    """A site, its flows, one policy a firewall, and the findings of all steps."""

    site: Site
    flows: tuple[Flow, ...]
    policies: dict[str, EnforcementPolicy]
    findings: tuple[Fault, ...]


def compile_site(document: object) -> Compiled:
    """Load, derive and compile; raise SiteError with all faults of the document."""
    loaded = load_site(document)
    derived = derive(loaded.site)
    findings = (*loaded.warnings, *derived.findings, *policy_findings(loaded.site, derived))
    return Compiled(loaded.site, derived.flows, compile_policies(loaded.site, derived), findings)
