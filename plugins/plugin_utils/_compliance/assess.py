# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way from plain documents to a report: the one entrance of this package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from .._policy.site import Compiled
from .._vpn.profile import Profile
from .collected import read_hosts, read_probes
from .control import REPORT, Control
from .coverage import coverage
from .facts import Facts
from .facts_flows import seen_document
from .facts_governance import Profiles
from .judge import STATES, Judgement, judge_all
from .reachability import reachability
from .result import Finding, Report
from .spared import without_antivirus
from .subjects import Collected, judged_hosts
from .waivers import Waiver, apply_waivers, read_waivers

#: What no run of this collection says. Every report repeats it.
LIMITS = (
    "This is technical evidence of one moment on the hosts in scope. It is no certificate, and no legal advice: where "
    "a control is judged in part, people, policy and other systems decide the rest.",
    "Traffic inside a zone passes no firewall and isn't judged. What a firewall itself sends isn't judged either.",
    "Rules outside nftables (tc, XDP, bridges, other makers' firewalls) and routing are not looked at.",
    "Of seen connections only those through or to a firewall are known, and of those only TCP and UDP. An undeclared "
    "address is shown as its zone.",
    "Over the network only TCP is tried, and of what isn't declared only a sample. UDP is judged from the rules alone.",
    "A device that isn't managed is judged from its declaration, and from the network where the site allows it.",
)


def assess(
    compiled: Compiled,
    controls: Iterable[Control],
    *,
    hosts: object,
    network: object,
    waivers: object,
    profiles: Profiles | None = None,
    crypto: Mapping[str, Profile] | None = None,
    files: object = None,
    inventory: Iterable[str] = (),
    now: str,
    version: str,
) -> Report:
    """Judge a compiled site by what was collected. Raises nothing, whatever ``hosts``, ``network``, ``waivers`` and
    ``files`` hold.

    ``hosts`` gives by inventory name ``reached``, ``reason`` and ``evidence``; ``network`` by inventory name of the
    vantage point the results of its probes; ``files`` what dicom_files_info returned on each; ``profiles`` are those
    of antivirus, ``crypto`` those of tunnels, by name; ``inventory`` the names of all hosts that the inventory knows.
    ``now`` is UTC, ISO 8601.
    """
    known = tuple(controls)
    records = read_hosts(hosts)
    known_profiles = profiles or Profiles({}, (), date.fromisoformat(now[:10]))
    scanned = files if isinstance(files, Mapping) else {}
    moment = datetime.fromisoformat(now.replace("Z", "+00:00"))
    collected = Collected(compiled, records, read_probes(network), known_profiles, crypto or {}, moment, scanned)
    subjects = collected.subjects()
    ordinary = [control for control in known if not control.about_the_report]
    judged = judge_all(ordinary, subjects)
    about_itself = [control for control in known if control.about_the_report]
    judged += judge_all(about_itself, [_report_facts(compiled, collected, ordinary, subjects, judged)])
    names = {facts.subject for facts in subjects}
    read = read_waivers(waivers, [control.id for control in known], names, now)
    tried = collected.everything_tried()
    filtering = {facts.subject: _filters(facts) for facts in subjects if facts.kind == "firewall"}
    findings = _findings(judged, read)
    return Report(
        site=compiled.site.name,
        generated_at=now,
        version=version,
        coverage=coverage(compiled.site, collected.hosts, tried),
        reachability=reachability(compiled, collected.verifications, filtering, tried),
        seen=tuple(seen_document(seen) for seen in collected.seen.values()),
        without_antivirus=without_antivirus(compiled.site, (finding.judgement for finding in findings)),
        findings=findings,
        hosts=collected.hosts,
        waivers=read,
        limits=(*LIMITS, *_strangers(compiled, {*records, *inventory})),
    )


def _findings(judged: Iterable[Judgement], waivers: tuple[Waiver, ...]) -> tuple[Finding, ...]:
    found = [Finding(judgement, waiver) for judgement, waiver in apply_waivers(judged, waivers)]
    return tuple(sorted(found, key=lambda one: (one.judgement.control.id, one.judgement.facts.subject)))


def _report_facts(
    compiled: Compiled,
    collected: Collected,
    controls: list[Control],
    subjects: list[Facts],
    judged: list[Judgement],
) -> Facts:
    """The report as a subject of its own: whether it accounts for everything it should speak of."""
    said = {(one.control.id, one.facts.subject) for one in judged}
    owed = [(control.id, facts.subject) for control in controls for facts in subjects if facts.kind == control.subject]
    silent = [f"{control}: nothing is said of {subject}" for control, subject in owed if (control, subject) not in said]
    silent += [
        f"{one.control.id}: the state of {one.facts.subject} is none" for one in judged if one.state not in STATES
    ]
    wanting = [
        f"{one.control.id}: {one.facts.subject} is left open without a reason"
        for one in judged
        if one.state in ("not_assessed", "error") and not any(one.observed)
    ]
    site = compiled.site
    missing = [
        f"{name}: nothing was collected, not even that it can't be reached"
        for name, host in judged_hosts(site).items()
        if host not in collected.records
    ]
    document: Mapping[str, Any] = {
        REPORT: {
            "judgements": len(judged),
            "unaccounted_controls": [*silent, *wanting],
            "unaccounted_hosts": missing,
            "said": [*silent, *wanting, *missing],
        }
    }
    return Facts("site", site.name, document)


def _filters(facts: Facts) -> bool:
    """False only where it is known that no rule looks at what passes a firewall."""
    rules = facts.document["firewall"]["rules"]
    return rules is None or rules["forward_policy"] != "none"


def _strangers(compiled: Compiled, seen: set[str]) -> list[str]:
    site = compiled.site
    declared = {firewall.pacs_host for firewall in site.firewalls.values()}
    declared |= {device.pacs_host for device in site.devices.values()}
    strange = sorted(name for name in seen - declared if name.isprintable())
    if not strange:
        return []
    return [f"The inventory has hosts that the site doesn't declare; they aren't judged: {', '.join(strange[:50])}."]
