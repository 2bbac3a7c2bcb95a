# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way from a site document to policies, with everything worth a second look: compiled once a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from .._flows.derive import derive
from .._flows.model import Flow
from .._site.faults import Fault
from .._site.load import load_site
from .._site.model import Site
from .compile import compile_policies, policy_findings
from .model import EnforcementPolicy


@dataclass(frozen=True, slots=True)
class Compiled:
    """A site, its flows, one policy a firewall, the findings of all steps, and what only a window opens."""

    site: Site
    flows: tuple[Flow, ...]
    policies: dict[str, EnforcementPolicy]
    findings: tuple[Fault, ...]
    interventions: tuple[Flow, ...]


def compile_site(document: object, today: date | None = None) -> Compiled:
    """Load, derive and compile; raise SiteError with all faults of the document. Dates are judged by ``today``."""
    loaded = load_site(document, today=today)
    derived = derive(loaded.site)
    findings = (*loaded.warnings, *derived.findings, *policy_findings(loaded.site, derived))
    policies = compile_policies(loaded.site, derived)
    return Compiled(loaded.site, derived.flows, policies, findings, derived.interventions)
