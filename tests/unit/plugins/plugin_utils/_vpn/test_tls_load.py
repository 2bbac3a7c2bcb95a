"""A gateway from plain data or from a site, and each thing that may be wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sites import remote_site
from vpn_ca import Authority
from vpn_example import TODAY, vpn_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._flows.derive import derive
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_document import rendered_document
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_load import gateway_document, load_gateway
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_site import server_document, servers_of

Break = Callable[[dict[str, Any]], object]


def plain() -> dict[str, Any]:
    return {
        "name": "people",
        "interface": "tun-people",
        "identity": "vpn.hospital.example",
        "addresses": ["198.51.100.1"],
        "networks": ["10.1.80.0/24", "fd00:1:80::/64"],
        "users": {
            "r.smith": {"kind": "person", "addresses": ["10.1.80.10", "fd00:1:80::10"], "reaches": ["10.1.30.10"]},
            "robot": {"kind": "machine", "addresses": ["10.1.80.40"]},
        },
    }


def test_what_is_left_out_has_the_strict_value() -> None:
    gateway = load_gateway(plain())
    assert (gateway.port, gateway.protocol, gateway.profile, gateway.tls_1_2) == (1194, "udp", "cnsa", None)
    assert [user.second_factor for user in gateway.users] == [True, False]


def test_it_is_written_as_it_is_read() -> None:
    gateway = load_gateway({**plain(), "tls_1_2": {"reason": "old", "owner": "R", "expires_on": "2027-01-31"}})
    assert load_gateway(gateway_document(gateway)) == gateway


BROKEN: dict[str, tuple[Break, str]] = {
    "a server's name that is a path": (lambda one: one.update(name="../x"), "not a name for a server"),
    "a user's name that is a path": (
        lambda one: one["users"].update({"a/b": one["users"]["robot"]}),
        "not a usable name",
    ),
    "a user with the gateway's name": (
        lambda one: one["users"].update(gateway=one["users"].pop("robot")),
        "users.gateway: not a name for a user's certificate",
    ),
    "an identity with a blank": (lambda one: one.update(identity="vpn a"), "not a host name"),
    "an interface that is too long": (lambda one: one.update(interface="tun-of-all-people"), "at most 15 characters"),
    "no IPv4 network": (lambda one: one.update(networks=["fd00:1:80::/64"]), "not one IPv4 network"),
    "two IPv4 networks": (lambda one: one["networks"].append("10.1.81.0/24"), "not one IPv4 network"),
    "an address outside": (
        lambda one: one["users"]["robot"].update(addresses=["10.1.81.1"]),
        "users.robot.addresses: 10.1.81.1 is outside the networks of the server",
    ),
    "the server's address": (
        lambda one: one["users"]["robot"].update(addresses=["10.1.80.1"]),
        "10.1.80.1 is the address of the server itself",
    ),
    "somebody else's address": (
        lambda one: one["users"]["robot"].update(addresses=["10.1.80.10"]),
        "10.1.80.10 is the address of user 'r.smith'",
    ),
    "the broadcast address": (
        lambda one: one["users"]["robot"].update(addresses=["10.1.80.255"]),
        "no address for a machine",
    ),
    "no IPv4 address": (
        lambda one: one["users"]["robot"].update(addresses=["fd00:1:80::40"]),
        "not one IPv4 address and at most one IPv6 address",
    ),
    "a session without end": (lambda one: one.update(limits={"session": 0}), "'0' is no such time"),
    "a renegotiation after the session": (
        lambda one: one.update(limits={"session": 3600, "renegotiation": 7200}),
        "longer than session",
    ),
    "signs of life that come too late": (lambda one: one.update(limits={"ping": 60}), "not longer than ping"),
    "a profile that is none": (lambda one: one.update(profile="legacy"), "'legacy' is not known here"),
    "an exception without an owner": (
        lambda one: one.update(tls_1_2={"reason": "old", "expires_on": "2027-01-31"}),
        "the key 'owner' is missing",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_is_said(what: str) -> None:
    document = plain()
    change, said = BROKEN[what]
    change(document)
    with pytest.raises(SiteError, match=re.escape(said)):
        load_gateway(document)


class TestFromASite:
    def document(self, site: dict[str, Any], name: str = "people") -> dict[str, Any]:
        loaded = load_site(site).site
        return server_document(loaded, derive(loaded), name)

    def test_users_are_devices_and_reach_what_conduits_say(self) -> None:
        people = self.document(remote_site())
        assert people["interface"] == "tun0"
        assert people["users"]["r.smith"]["reaches"] == ["198.18.30.10/32", "fd00:18:30::10/128"]
        assert people["users"]["acme"]["reaches"] == ["198.18.20.11/32", "fd00:18:20::11/128"], (
            "an intervention's route"
        )
        assert people["users"]["acme"]["until"] == "2027-03-01"

    def test_whoever_opens_connections_to_a_user_is_reached_too(self) -> None:
        site = vpn_site()
        site["conduits"].append({"from": "ct1", "to": "reader1", "service": "https", "reason": "back"})
        assert "198.18.20.11/32" in self.document(site)["users"]["r.smith"]["reaches"]
        assert "198.18.20.11/32" not in self.document(site)["users"]["leaver"]["reaches"]

    def test_a_zone_says_it_for_all_its_users_and_everywhere_is_no_route(self) -> None:
        site = vpn_site()
        site["conduits"].append({"from": "remote", "to": "modality", "service": "https", "reason": "all"})
        site["conduits"].append({"from": "remote", "to": "external", "service": "https", "reason": "the internet"})
        for user in self.document(site)["users"].values():
            assert {"198.18.20.0/24", "fd00:18:20::/64"} <= set(user["reaches"])
            assert not [network for network in user["reaches"] if network.endswith("/0")]

    def test_the_servers_own_outer_address_is_no_route(self) -> None:
        site = vpn_site()
        site["conduits"].append({"from": "reader1", "to": "edge", "service": "https", "reason": "its own page"})
        assert "198.19.0.254/32" not in self.document(site)["users"]["r.smith"]["reaches"]

    def test_an_exception_is_known_or_refused(self) -> None:
        assert self.document(vpn_site(), "old")["tls_1_2"]["expires_on"] == "2026-11-27"
        site = vpn_site()
        site["remote_access"]["tls"]["old"]["exceptions"][0]["what"] = "sslv3"
        with pytest.raises(SiteError, match="'sslv3' is none"):
            self.document(site, "old")

    def test_servers_of_a_host(self) -> None:
        site = load_site(vpn_site()).site
        assert servers_of(site, "edge") == ("people", "old")
        assert servers_of(site, "core") == ()


class TestRendered:
    def test_certificates_become_files_and_keys_are_refused(self) -> None:
        ca = Authority()
        issued = ca.issue("vpn.hospital.example", "server")
        gateway = load_gateway(plain())
        found = rendered_document(gateway, TODAY, ca.certificate, issued.certificate, ca.crl())
        restarts = {file["path"].rpartition("/")[2]: file["restarts"] for file in found["files"]}
        assert (restarts["ca.crt"], restarts["server.crt"], restarts["crl.pem"]) == (True, True, False)
        assert (found["users"], found["coded"]) == (["r.smith", "robot"], ["r.smith"])
        assert found["notes"] == ["robot needs no code."]
        with pytest.raises(SiteError, match="holds a private key"):
            rendered_document(gateway, TODAY, ca.certificate, issued.certificate + issued.private_key)
        with pytest.raises(SiteError, match="revocations: it doesn't begin with -----BEGIN X509 CRL-----"):
            rendered_document(gateway, TODAY, revocations=ca.certificate)

    def test_whose_last_day_is_over_is_said(self) -> None:
        document = plain()
        document["users"]["r.smith"]["until"] = "2026-11-26"
        found = rendered_document(load_gateway(document), TODAY)
        assert found["users"] == ["robot"]
        assert "r.smith is let in no more: the last day was 2026-11-26." in found["notes"]
