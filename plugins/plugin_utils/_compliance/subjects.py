# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a compiled site and what was collected to the facts of every subject, each worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from .._gate.own_tries import tries_of
from .._gate.probe_plan import Plan, plan_probes
from .._gate.probe_results import ProbeResult
from .._observed.model import SeenFlow
from .._policy.site import Compiled
from .._site.model import Device, Site
from .._vpn.openvpn import places
from .._vpn.profile import Profile
from .antivirus_seen import entries
from .collected import NOTHING, HostRecord
from .facts import Facts
from .facts_antivirus import antivirus_facts
from .facts_files import files_facts
from .facts_firewall import firewall_facts, verification_of
from .facts_flows import Seen, flows_facts, seen_of
from .facts_governance import NO_PROFILE, Profiles, governance_facts, place_of
from .facts_model import inventory_facts, site_facts
from .facts_network import Tried, compare, reach_facts
from .facts_orthanc import orthanc_facts
from .facts_remote_access import leftover_facts, remote_access_facts
from .facts_services import Service, declared_services, firewall_services, undeclared_listeners
from .vendor_windows import vendor_facts, windows_in

#: Actors whose part an Orthanc server plays.
_SERVED_BY_ORTHANC = ("image_manager_archive",)
_UNMANAGED = "it isn't managed: nobody logs in to it"


@dataclass(frozen=True)
class Collected:
    """A compiled site and what was collected of it. ``records``, ``network`` and ``files`` (what dicom_files_info
    returned) are by inventory name. ``crypto``: what tunnels are held to, by name. ``now`` is UTC.
    """

    compiled: Compiled
    records: Mapping[str, HostRecord]
    network: Mapping[str, Mapping[str, ProbeResult]]
    profiles: Profiles
    crypto: Mapping[str, Profile]
    now: datetime
    files: Mapping[str, object] = field(default_factory=dict)

    @cached_property
    def hosts(self) -> dict[str, HostRecord]:
        """What became of each firewall and managed device, by its name in the site."""
        return {name: self.records.get(host, NOTHING) for name, host in judged_hosts(self.compiled.site).items()}

    @cached_property
    def verifications(self) -> dict[str, dict[str, Any] | str]:
        """The verifier's word on each firewall, or why there is none."""
        policies = self.compiled.policies
        return {name: verification_of(self.hosts[name], policy) for name, policy in policies.items()}

    @cached_property
    def plans(self) -> dict[str, Plan]:
        """What is tried from each managed device."""
        return plan_probes(self.compiled)

    @cached_property
    def tried(self) -> dict[str, tuple[Tried, ...] | None]:
        """What came of it, by vantage point."""
        devices = self.compiled.site.devices
        return {
            name: compare(plan, self.network.get(devices[name].pacs_host, {}), self.hosts)
            for name, plan in self.plans.items()
        }

    @cached_property
    def seen(self) -> dict[str, Seen]:
        """What each firewall has seen."""
        probes = tries_of(self.plans, self.compiled.site.devices)
        return {name: seen_of(self.compiled, name, self.hosts[name], probes) for name in self.compiled.policies}

    def everything_tried(self) -> list[Tried]:
        """From all vantage points."""
        return [one for many in self.tried.values() for one in many or ()]

    def subjects(self) -> list[Facts]:
        """The facts of the site, of each firewall, device and host."""
        site = self.compiled.site
        return [
            self._site(),
            *(self._firewall(name) for name in site.firewalls),
            *(self._device(device) for device in site.devices.values()),
            *(self._host(name) for name in self.hosts),
        ]

    def _site(self) -> Facts:
        site = self.compiled.site
        # What is open in the kernel of one firewall of the path counts; whether it should be is SEG-02's to prove.
        windows = [one for name in site.firewalls for one in windows_in(self.compiled, name, self.hosts[name])]
        vendors, unknown = vendor_facts(self.compiled, self._sessions(), self._opened(), windows)
        document = {"site": {**site_facts(self.compiled), "vendors": vendors}}
        return Facts("site", site.name, document, _below("site.vendors", unknown))

    def _sessions(self) -> dict[str, list[Mapping[str, Any]] | str]:
        """Who is in on each TLS server of the site, or why that isn't known."""
        found: dict[str, list[Mapping[str, Any]] | str] = {}
        for server in self.compiled.site.remote_access.tls.values():
            part = self.hosts[server.gateway].part("openvpn")
            path = places(server.name).configuration
            seen = [one for one in entries(part.value.get("servers")) if one.get("configuration") == path]
            sessions = seen[0].get("sessions") if seen else None
            why = part.reason or "it doesn't run" if not seen else "it gave no answer"
            found[server.name] = list(entries(sessions)) if isinstance(sessions, list) else why
        return found

    def _opened(self) -> dict[str, tuple[SeenFlow, ...] | str]:
        """Which connections are open through each firewall, or why that isn't known."""
        return {
            name: seen.view.connections
            if seen.view.connections is not None
            else seen.reason or seen.view.connections_reason or "nobody asked"
            for name, seen in self.seen.items()
        }

    def _firewall(self, name: str) -> Facts:
        record, site = self.hosts[name], self.compiled.site
        facts, unknown = firewall_facts(record, self.verifications[name])
        facts["flows"], why_not = flows_facts(self.seen[name])
        unknown |= _below("flows", why_not)
        facts["remote_access"], why_not = remote_access_facts(site, name, record, self.crypto, self.now)
        unknown |= _below("remote_access", why_not)
        document = {"firewall": {"name": name, "kind": site.firewalls[name].kind, **facts}}
        return Facts("firewall", name, document, _below("firewall", unknown), record.sha256)

    def _device(self, device: Device) -> Facts:
        record = self.hosts.get(device.name, NOTHING)
        served = any(actor in _SERVED_BY_ORTHANC for actor in device.actors)
        orthanc, unknown = orthanc_facts(record, device.managed, _UNMANAGED if served else "")
        unknown = _below("orthanc", unknown)
        reach: dict[str, Any] = {"vantage": False}
        why_not = {"": _UNMANAGED}
        if device.managed:
            reach, why_not = reach_facts(self.plans[device.name], self.tried[device.name])
            if record.reached != "ok" and self.tried[device.name] is None and reach["vantage"]:
                why_not = {"": record.part("system").reason}
        unknown |= _below("reach", why_not)
        place, today = place_of(device, self.profiles), self.profiles.today
        antivirus, why_not = antivirus_facts(device, record, place, today)
        unknown |= _below("antivirus", why_not)
        files, why_not = files_facts(device, record, place, self.files.get(device.pacs_host), today)
        unknown |= _below("files", why_not)
        governance = governance_facts(device, self.profiles)
        if not governance["concerned"]:
            unknown["governance"] = NO_PROFILE
        inventory = inventory_facts(self.compiled, device)
        if not inventory["speaks_dicom"]:
            unknown["inventory"] = "nothing that it is declared as speaks DICOM"
        document = {
            "device": {
                "name": device.name,
                "zone": device.zone,
                "managed": device.managed,
                "inventory": inventory,
                "orthanc": orthanc,
                "reach": reach,
                "antivirus": antivirus,
                "files": files,
                "governance": governance,
            }
        }
        return Facts("device", device.name, document, _below("device", unknown), record.sha256)

    def _host(self, name: str) -> Facts:
        record = self.hosts[name]
        part = record.part("sockets")
        listeners: tuple[str, ...] | str = part.reason
        if part.status == "ok":
            listeners = undeclared_listeners(part.value, self._services(name))
        elif not listeners:
            listeners = "the evidence doesn't say who listens"
        known = not isinstance(listeners, str)
        leftovers, why_not = leftover_facts(self.compiled.site, name, record, self._services(name))
        document = {
            "host": {
                "name": name,
                "undeclared_listeners": list(listeners) if known else None,
                "leftovers": leftovers,
            }
        }
        unknown = {} if known else {"host.undeclared_listeners": str(listeners)}
        unknown |= _below("host.leftovers", why_not)
        return Facts("host", name, document, unknown, record.sha256)

    def _services(self, name: str) -> tuple[Service, ...]:
        site, flows = self.compiled.site, self.compiled.flows
        if name in site.devices:
            return declared_services(site, flows, site.devices[name])
        return firewall_services(site, flows, name)


def judged_hosts(site: Site) -> dict[str, str]:
    """The inventory host of each firewall and managed device, by its name in the site. Nobody logs in to others."""
    firewalls = {firewall.name: firewall.pacs_host for firewall in site.firewalls.values()}
    return firewalls | {device.name: device.pacs_host for device in site.devices.values() if device.managed}


def _below(name: str, reasons: Mapping[str, str]) -> dict[str, str]:
    return {f"{name}.{path}" if path else name: reason for path, reason in reasons.items()}
