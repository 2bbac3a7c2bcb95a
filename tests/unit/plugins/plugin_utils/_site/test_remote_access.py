"""Remote access in a site: what fits loads, and each thing that doesn't says where, what and how to mend it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sites import remote_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site

Break = Callable[[dict[str, Any]], object]

TODAY = date(2026, 11, 27)
TLS = "pacs_site.remote_access.tls.people"
IPSEC = "pacs_site.remote_access.ipsec.branch"
EDGE = "pacs_site.firewalls.edge.interfaces"


def faults_of(document: object) -> list[str]:
    """All faults of a document, as the user reads them."""
    with pytest.raises(SiteError) as caught:
        load_site(document, today=TODAY)
    return [str(fault) for fault in caught.value.faults]


def tls(site: dict[str, Any]) -> Any:
    return site["remote_access"]["tls"]["people"]


def ipsec(site: dict[str, Any], name: str = "branch") -> Any:
    return site["remote_access"]["ipsec"][name]


def legs(site: dict[str, Any]) -> Any:
    return site["firewalls"]["edge"]["interfaces"]


def test_remote_access_loads_without_a_warning() -> None:
    loaded = load_site(remote_site(), today=TODAY)
    remote = loaded.site.remote_access
    assert loaded.warnings == ()
    assert (remote.tls["people"].port, remote.tls["people"].protocol) == (1194, "udp")
    assert remote.tls["people"].users["acme"].until == date(2027, 3, 1)
    assert remote.ipsec["vendor"].exceptions[0].what == "modp2048"
    assert [str(address) for address in loaded.site.addresses_of("edge")] == [
        "198.18.1.14",
        "fd00:18:1::fe",
        "198.19.0.254",
        "fd00:19::fe",
    ]


def test_a_date_may_be_text() -> None:
    site = remote_site()
    tls(site)["users"]["acme"]["until"] = "2027-03-01"
    assert load_site(site).site.remote_access.tls["people"].users["acme"].until == date(2027, 3, 1)


BROKEN: dict[str, tuple[Break, str]] = {
    "a user whose device stands elsewhere": (
        lambda site: tls(site)["users"]["r.smith"].update(device="ws1"),
        f"{TLS}.users.r.smith.device: 'ws1' stands in zone 'reading', but the server's clients in 'remote'."
        " Name a device of that zone.",
    ),
    "two users for one device": (
        lambda site: tls(site)["users"]["acme"].update(device="reader1"),
        f"{TLS}.users.acme.device: 'reader1' is already the device of user 'r.smith'."
        " Give each user a device, so that addresses say who it is.",
    ),
    "a user of no device": (
        lambda site: tls(site)["users"]["r.smith"].update(device="reader"),
        f"{TLS}.users.r.smith.device: no device is named 'reader'. Did you mean 'reader1'?",
    ),
    "a client with two addresses of a kind": (
        lambda site: site["devices"]["reader1"]["addresses"].append("198.18.80.11"),
        f"{TLS}.users.r.smith.device: 'reader1' has several IPv4 addresses, and a connection gets one."
        " Leave it one of each IP version.",
    ),
    "a client outside the zone": (
        lambda site: site["devices"]["reader1"].update(addresses=["198.18.81.10"]),
        "pacs_site.devices.reader1.addresses[0]: 198.18.81.10 is outside the networks of zone 'remote'"
        " (it lies in zone 'external'). Correct the address, move the device, or add the network to zone 'remote'.",
    ),
    "a vendor without an end": (
        lambda site: tls(site)["users"]["acme"].pop("until"),
        f"{TLS}.users.acme: a vendor's access has no end. Add until: the last day, like 2027-03-01.",
    ),
    "a vendor for years": (
        lambda site: tls(site)["users"]["acme"].update(until="2028-03-01"),
        f"{TLS}.users.acme.until: 2028-03-01 is too far away. Decide again within a year: at the latest on 2027-11-28.",
    ),
    "no day": (
        lambda site: tls(site)["users"]["acme"].update(until="soon"),
        f"{TLS}.users.acme.until: 'soon' is not a date. Write it like 2026-11-23.",
    ),
    "an unknown kind of user": (
        lambda site: tls(site)["users"]["r.smith"].update(kind="persons"),
        f"{TLS}.users.r.smith.kind: 'persons' is not known here. Did you mean 'person'?",
    ),
    "a server behind itself": (
        lambda site: tls(site).update(addresses=["198.18.80.1"]),
        f"{TLS}.addresses[0]: 198.18.80.1 lies in zone 'remote', which is reached only once one is connected."
        " Name the address to which clients connect.",
    ),
    "a server without an interface": (
        lambda site: tls(site).update(gateway="core"),
        f"{TLS}.zone: 'core' has no interface that leads through this server to zone 'remote'."
        " Add remote: tun0 to firewalls.core.interfaces.",
    ),
    "a gateway of no such name": (
        lambda site: tls(site).update(gateway="egde"),
        f"{TLS}.gateway: no firewall is named 'egde'. Did you mean 'edge'?",
    ),
    "a zone of no such name": (
        lambda site: ipsec(site).update(zone="brunch"),
        f"{IPSEC}.zone: no zone is named 'brunch'. Did you mean 'branch'?",
    ),
    "a tunnel to everywhere": (
        lambda site: (legs(site).pop("branch"), ipsec(site).update(zone="external")),
        f"{IPSEC}.zone: 'external' is everything else. Declare a zone with the networks of this one.",
    ),
    "an unknown profile": (
        lambda site: ipsec(site).update(profile="cnsa2"),
        f"{IPSEC}.profile: 'cnsa2' is not known here. Did you mean 'cnsa'?",
    ),
    "a tunnel without a leg": (
        lambda site: legs(site).update(branch="external0"),
        f"{IPSEC}.zone: 'edge' has no interface that leads through this tunnel to zone 'branch'."
        " Add branch: {interface: INTERFACE, tunnel: branch} to firewalls.edge.interfaces.",
    ),
    "a leg through no tunnel": (
        lambda site: legs(site).update(pacs={"interface": "external0", "tunnel": "brunch"}),
        f"{EDGE}.pacs.tunnel: remote_access.ipsec has no tunnel named 'brunch'. Did you mean 'branch'?",
    ),
    "a leg that says both": (
        lambda site: legs(site)["branch"].update(via="core"),
        f"{EDGE}.branch: it must say either via which firewall or through which tunnel it leads. Give via, or tunnel.",
    ),
    "the peer inside the tunnel": (
        lambda site: ipsec(site)["peer"].update(addresses=["198.18.90.1"]),
        f"{IPSEC}.peer.addresses[0]: 198.18.90.1 lies in zone 'branch', which is reached only through the tunnel."
        " Leave the gateway's outer address out of the zone's networks.",
    ),
    "gateways without a common IP version": (
        lambda site: ipsec(site, "vendor")["peer"].update(addresses=["fd00:19::77"]),
        "pacs_site.remote_access.ipsec.vendor: the two gateways share no IP version."
        " Give both an address of the same version.",
    ),
    "one identity for both": (
        lambda site: ipsec(site)["peer"].update(identity="gw-a.hospital.example"),
        f"{IPSEC}.peer.identity: it is also the local one. Name the one in the peer's certificate.",
    ),
    "an identity of many": (
        lambda site: ipsec(site)["peer"].update(identity="*.branch.example"),
        f"{IPSEC}.peer.identity: not the identity of one gateway."
        " Write the name in its certificate (subjectAltName), without patterns.",
    ),
    "a proposal that says more": (
        lambda site: ipsec(site).update(ike=["aes256gcm16-prfsha384-ecp384\n}"]),
        f"{IPSEC}.ike[0]: not a proposal. Write it like aes256gcm16-prfsha384-ecp384.",
    ),
    "an exception for years": (
        lambda site: ipsec(site, "vendor")["exceptions"][0].update(expires_on=date(2029, 1, 1)),
        "pacs_site.remote_access.ipsec.vendor.exceptions[0].expires_on: 2029-01-01 is too far away."
        " Decide again within a year: at the latest on 2027-11-28.",
    ),
    "an exception of nobody": (
        lambda site: ipsec(site, "vendor")["exceptions"][0].pop("owner"),
        "pacs_site.remote_access.ipsec.vendor.exceptions[0]: the key 'owner' is missing. Add 'owner'.",
    ),
    "an intervention without a contract": (
        lambda site: site["conduits"][2].pop("contract"),
        "pacs_site.conduits[2]: an intervention without contract. Add contract: no window is granted without one.",
    ),
    "telemetry that comes in": (
        lambda site: site["conduits"][4].update({"from": "hub", "to": "pacs1"}),
        "pacs_site.conduits[4].from: telemetry goes out, but 'hub' stands in zone 'vendor', from which it would come"
        " in. Turn from and to round, or make it an intervention.",
    ),
    "telemetry from anywhere": (
        lambda site: site["conduits"][4].update({"from": "external"}),
        "pacs_site.conduits[4].from: telemetry goes out, but 'external' stands in zone 'external', from which it would"
        " come in. Turn from and to round, or make it an intervention.",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_remote_access_says_where_and_how_to_mend_it(name: str) -> None:
    breaks, message = BROKEN[name]
    site = remote_site()
    breaks(site)
    assert faults_of(site) == [message]


def test_two_servers_at_one_place_and_in_one_zone_are_refused() -> None:
    site = remote_site()
    site["remote_access"]["tls"]["twin"] = {**tls(site), "users": {}}
    assert faults_of(site) == [
        "pacs_site.remote_access.tls.twin.zone: remote_access.tls.people already leads to zone 'remote'."
        " Give each a zone of its own.",
        "pacs_site.remote_access.tls.twin.addresses[0]: the server 'people' listens on 198.19.0.254, udp 1194, too."
        " Give it another port.",
        "pacs_site.remote_access.tls.twin.addresses[1]: the server 'people' listens on fd00:19::fe, udp 1194, too."
        " Give it another port.",
    ]


def test_what_has_ended_is_a_warning_and_only_where_the_day_is_known() -> None:
    site = remote_site()
    tls(site)["users"]["acme"]["until"] = "2026-11-26"
    ipsec(site, "vendor")["exceptions"][0]["expires_on"] = "2026-11-26"
    assert load_site(site).warnings == ()
    assert [str(warning) for warning in load_site(site, today=TODAY).warnings] == [
        f"{TLS}.users.acme.until: it ended on 2026-11-26: this user is no longer let in."
        " Remove it, or decide again and set a new date.",
        "pacs_site.remote_access.ipsec.vendor.exceptions[0].expires_on: it ended on 2026-11-26: 'modp2048' is no"
        " longer accepted. Remove it, or decide again and set a new date.",
    ]


def test_the_last_day_counts() -> None:
    site = remote_site()
    tls(site)["users"]["acme"]["until"] = TODAY
    assert load_site(site, today=TODAY).warnings == ()


def test_tunnels_and_the_outside_may_share_an_interface_without_a_warning() -> None:
    assert not [str(warning) for warning in load_site(remote_site()).warnings if "share the interface" in str(warning)]
