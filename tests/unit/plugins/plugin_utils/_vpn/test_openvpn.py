"""What OpenVPN reads: each line that keeps somebody out is there, and follows from the gateway's value."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from ipaddress import ip_address

import pytest
from vpn_example import TODAY, gateway, user

from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.openvpn import GatewayFile, gateway_files, places
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.openvpn_client import ClientKeys, client_profile
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_model import DatedException, Limits, TlsGateway

SMITH = user("r.smith", 10, "198.18.30.10/32", "fd00:18:30::10/128", "198.18.20.0/24")
ROBOT = user("robot", 40, kind="machine", second_factor=False)
KEYS = ClientKeys("CA\n", "CERTIFICATE\n", "KEY\n", "TLS-CRYPT\n")
AT = places("people")


def files(value: TlsGateway, today: date = TODAY) -> dict[str, GatewayFile]:
    return {file.path: file for file in gateway_files(value, today)}


def server(value: TlsGateway, today: date = TODAY) -> list[str]:
    return files(value, today)[AT.configuration].text.splitlines()


@pytest.mark.parametrize(
    "line",
    [
        "tls-version-min 1.3",
        "tls-ciphersuites TLS_AES_256_GCM_SHA384",
        "tls-groups secp384r1",
        "data-ciphers AES-256-GCM",
        "allow-compression no",
        "verify-client-cert require",
        "remote-cert-tls client",
        "ccd-exclusive",
        f"crl-verify {AT.revocations}",
        f"tls-crypt {AT.tls_crypt}",
        "setenv deferred_auth_pam 1",
        'plugin openvpn-plugin-auth-pam.so "pacs-vpn-people login COMMONNAME verification PASSWORD"',
        f"auth-gen-token-secret {AT.token_key}",
        "auth-gen-token 28800",
        "session-timeout 28800",
        "inactive 1800",
        'push "inactive 1800"',
        f"client-connect {AT.connect_script}",
        "user pacs-vpn",
        "persist-key",
        "persist-tun",
        f"management {AT.management} unix",
        "management-client-user root",
        "status-version 3",
        "disable-dco",
    ],
)
def test_a_server_has_the_line(line: str) -> None:
    assert server(gateway(SMITH)).count(line) == 1


@pytest.mark.parametrize(
    "word",
    # max-clients: refused ones count too, for five seconds each; a few wrong codes would lock the others out.
    [
        "client-to-client",
        "duplicate-cn",
        "compress",
        "username-as-common-name",
        "server ",
        "ifconfig-pool",
        "max-clients",
    ],
)
def test_a_server_has_no_such_line(word: str) -> None:
    assert not [line for line in server(gateway(SMITH)) if line.startswith(word)]


def test_tls_1_2_is_taken_until_the_end_of_its_exception_and_no_longer() -> None:
    old = gateway(SMITH, tls_1_2=DatedException("old viewers", "Radiology", TODAY))
    assert "tls-version-min 1.2" in server(old)
    assert [line for line in server(old) if line.startswith("tls-cipher ")] == [
        "tls-cipher TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384:TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384"
    ]
    assert server(old, TODAY + timedelta(days=1)) == server(gateway(SMITH))


def test_what_only_the_start_reads_restarts_the_server_and_users_do_not() -> None:
    found = files(gateway(SMITH, ROBOT))
    assert [path for path, file in found.items() if file.restarts] == [
        AT.configuration,
        f"/etc/systemd/system/{AT.unit}.d/pacs.conf",
    ]
    assert found[AT.machines].text == "robot\n"


def test_a_user_gets_both_addresses_and_routes() -> None:
    assert files(gateway(SMITH))[f"{AT.users}/r.smith"].text.splitlines()[1:] == [
        "ifconfig-push 198.18.80.10 255.255.255.0",
        "ifconfig-ipv6-push fd00:18:80::10/64 fd00:18:80::1",
        'push "route 198.18.30.10 255.255.255.255"',
        'push "route-ipv6 fd00:18:30::10/128"',
        'push "route 198.18.20.0 255.255.255.0"',
    ]


def test_without_an_ipv6_address_there_is_no_ipv6_route() -> None:
    assert "ipv6" not in files(gateway(replace(SMITH, ipv6=None)))[f"{AT.users}/r.smith"].text


def test_after_the_last_day_a_user_has_no_file() -> None:
    ending = gateway(replace(SMITH, until=TODAY))
    assert f"{AT.users}/r.smith" in files(ending)
    assert f"{AT.users}/r.smith" not in files(ending, TODAY + timedelta(days=1))


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, ["proto udp6", "multihome", "explicit-exit-notify 1"]),
        ({"addresses": (ip_address("198.19.0.254"),)}, ["proto udp4", "local 198.19.0.254"]),
        ({"protocol": "tcp"}, ["proto tcp6-server", "socket-flags TCP_NODELAY"]),
        ({"protocol": "tcp", "addresses": (ip_address("198.19.0.254"),)}, ["proto tcp4-server", "local 198.19.0.254"]),
    ],
)
def test_where_it_listens(changes: dict[str, object], lines: list[str]) -> None:
    found = server(gateway(SMITH, **changes))
    assert [line for line in found if line in lines] == lines
    assert ("explicit-exit-notify 1" in found) == (changes.get("protocol") != "tcp")


def test_no_idle_limit_is_no_line() -> None:
    assert not [line for line in server(gateway(SMITH, limits=Limits(idle=0))) if "inactive" in line]


def test_a_profile_is_bound_to_the_server_and_asks_for_a_code() -> None:
    text = client_profile(gateway(SMITH), SMITH, KEYS, TODAY)
    for line in (
        "remote 198.19.0.254 1194 udp4",
        "remote fd00:19::fe 1194 udp6",
        "verify-x509-name vpn.hospital.example name",
        "remote-cert-tls server",
        "tls-version-min 1.3",
        "data-ciphers AES-256-GCM",
        "auth-user-pass",
    ):
        assert line in text.splitlines()
    assert re.findall(r"^<(.*)>\n(.*)\n</\1>$", text, re.M) == [
        ("ca", "CA"),
        ("cert", "CERTIFICATE"),
        ("key", "KEY"),
        ("tls-crypt", "TLS-CRYPT"),
    ]


def test_a_machine_has_nobody_to_ask_and_a_user_may_keep_the_key() -> None:
    text = client_profile(gateway(ROBOT), ROBOT, replace(KEYS, private_key=None), TODAY)
    assert "<auth-user-pass>\nrobot\ncertificate-only\n</auth-user-pass>" in text
    assert "key private.key" in text.splitlines() and "<key>" not in text


def test_keys_are_shown_in_no_message() -> None:
    assert "KEY" not in repr(KEYS) and "TLS-CRYPT" not in repr(KEYS)
