"""Tunnels of a site: through them goes what conduits declare, and nothing weaker than somebody has accepted."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_network
from typing import Any

import pytest
from sites import remote_site
from vpn_profiles import profiles

from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.swanctl import strongswan_conf, swanctl_conf
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tunnels import (
    Tunnel,
    plain_tunnels,
    site_tunnels,
    widened,
)

TODAY = date(2026, 11, 27)
PSK = {"what": "psk", "reason": "their gateway", "owner": "Anna Example", "expires_on": "2027-01-31"}
PLAIN: dict[str, Any] = {
    "name": "branch",
    "local": {"addresses": ["203.0.113.1"], "identity": "gw-a.hospital.example"},
    "peer": {"addresses": ["198.51.100.1"], "identity": "gw-b.branch.example"},
    "profile": "cnsa",
    "selectors": [{"local": "10.1.0.10", "remote": "10.2.0.0/24"}],
}


def of_site(document: dict[str, Any], today: date = TODAY) -> dict[str, Tunnel]:
    compiled = compile_site(document)
    flows = (*compiled.flows, *compiled.interventions)
    return {tunnel.name: tunnel for tunnel in site_tunnels(compiled.site, flows, "edge", profiles(), today)}


def pairs(tunnel: Tunnel) -> set[tuple[str, str]]:
    return {(str(pair.local), str(pair.remote)) for pair in tunnel.selectors}


def faults_of(document: dict[str, Any], today: date = TODAY) -> list[str]:
    with pytest.raises(SiteError) as caught:
        of_site(document, today)
    return [str(fault) for fault in caught.value.faults]


def test_selectors_are_the_ends_of_what_is_declared() -> None:
    tunnels = of_site(remote_site())
    assert pairs(tunnels["branch"]) == {
        ("198.18.30.10/32", "198.18.90.11/32"),
        ("fd00:18:30::10/128", "fd00:18:90::11/128"),
    }
    assert pairs(tunnels["vendor"]) == {("198.18.20.11/32", "198.18.100.5/32")}, "of telemetry and intervention alike"
    assert [str(network) for network in tunnels["branch"].networks] == ["198.18.90.0/24", "fd00:18:90::/64"]


def test_a_tunnel_of_another_gateway_is_not_this_ones() -> None:
    compiled = compile_site(remote_site())
    assert site_tunnels(compiled.site, compiled.flows, "core", profiles(), TODAY) == ()


def test_a_tunnel_that_nothing_needs_and_one_for_everything_are_refused() -> None:
    site = remote_site()
    site["conduits"][1].update({"from": "external", "to": "ct9"})
    assert faults_of(site) == [
        "pacs_site.remote_access.ipsec.branch: 'external -> ct9:104 tcp, conduit images of the branch' would send"
        " everything through the tunnel. Name the devices that need it.",
        "pacs_site.remote_access.ipsec.branch: no conduit needs anything of zone 'branch'."
        " Add a conduit from or to one of its devices, or remove the tunnel.",
    ]


VENDOR = "pacs_site.remote_access.ipsec.vendor"


def test_a_weakness_nobody_accepted_is_refused() -> None:
    site = remote_site()
    site["remote_access"]["ipsec"]["vendor"].update(ike=["3des-sha1-modp2048"])
    assert [fault.split(".", 4)[4].split(" Offer")[0] for fault in faults_of(site)] == [
        "ike[0]: 3des-sha1-modp2048: '3des' is not allowed by the profile nist.",
        "ike[0]: 3des-sha1-modp2048: 'sha1' is not allowed by the profile nist.",
        "ike[0]: 3des-sha1-modp2048: 'sha1' as PRF is not allowed by the profile nist.",
    ]


def test_an_exception_stands_until_its_last_day_and_not_longer() -> None:
    assert of_site(remote_site(), date(2027, 1, 31))["vendor"].ike == ("aes256-sha256-modp2048",)
    assert faults_of(remote_site(), date(2027, 2, 1)) == [
        f"{VENDOR}.exceptions[0].expires_on: 'modp2048' was accepted until 2027-01-31, so nothing is changed on this"
        " gateway. Do without it, or decide again and set a new date."
    ]


def test_an_exception_that_nothing_needs_is_refused() -> None:
    site = remote_site()
    site["remote_access"]["ipsec"]["branch"]["exceptions"] = [{**PSK, "what": "md5"}]
    assert faults_of(site)[0].startswith(
        "pacs_site.remote_access.ipsec.branch.exceptions[0].what: nothing here needs 'md5' accepted."
    )


class TestPlain:
    """Without a site."""

    def test_it_is_rendered(self) -> None:
        (tunnel,) = plain_tunnels([PLAIN], profiles(), TODAY)
        text = swanctl_conf([tunnel], "kernel")
        for line in (
            "version = 2",
            "encap = yes",
            "proposals = aes256gcm16-prfsha384-ecp384",
            "esp_proposals = aes256gcm16-ecp384",
            'id = "gw-b.branch.example"',
            "revocation = strict",
            "local_ts = 10.1.0.10/32",
            "remote_ts = 10.2.0.0/24",
            "start_action = trap",
        ):
            assert f"\t{line}\n" in text
        assert "psk" not in text
        assert text.count("{") == text.count("}")

    def test_userspace_begins_by_itself_because_it_has_no_trap(self) -> None:
        (tunnel,) = plain_tunnels([PLAIN], profiles(), TODAY)
        wide = widened(tunnel, [ip_network("10.1.0.0/24"), ip_network("fd00::/64")])
        text = swanctl_conf([wide], "userspace")
        assert "start_action = start" in text and "trap" not in text
        assert "local_ts = 10.1.0.0/24" in text and "fd00" not in text
        assert "load = yes" in strongswan_conf("userspace")
        assert "load = no" in strongswan_conf("kernel")
        with pytest.raises(SiteError, match="Add one in which the gateway has an address"):
            widened(tunnel, [ip_network("fd00::/64")])

    def test_a_pre_shared_key_needs_an_exception(self) -> None:
        (tunnel,) = plain_tunnels([{**PLAIN, "exceptions": [PSK]}], profiles(), TODAY)
        text = swanctl_conf([tunnel], "kernel")
        assert text.count("auth = psk") == 2 and "pubkey" not in text

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"selectors": []}, "tunnels[0]: no traffic is selected"),
            ({"selectors": [{"local": "10.1.0.10", "remote": "fd00::/64"}]}, "the two are of different IP versions"),
            ({"profile": "best"}, "tunnels[0].profile: 'best' is not known here"),
            ({"peer": None}, "tunnels[0].peer: no value"),
            ({"esp": ["aes256gcm16"]}, "its keys follow from those of IKE: no PFS"),
            ({"local": {"addresses": ["203.0.113.1"], "identity": 'a"\n}'}}, "tunnels[0].local.identity"),
            ({"zone": "x", "more": 1}, "tunnels[0].more: unknown key"),
        ],
    )
    def test_what_is_wrong_is_said(self, change: dict[str, Any], message: str) -> None:
        with pytest.raises(SiteError) as caught:
            plain_tunnels([{**PLAIN, **change}], profiles(), TODAY)
        assert message in str(caught.value)

    def test_two_of_one_name_and_no_list(self) -> None:
        with pytest.raises(SiteError, match="two are named 'branch'"):
            plain_tunnels([PLAIN, PLAIN], profiles(), TODAY)
        with pytest.raises(SiteError, match="is not a list"):
            plain_tunnels({"a": 1}, profiles(), TODAY)
