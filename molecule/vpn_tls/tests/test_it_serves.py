"""Debian's unit with our drop-in: an account of its own, a user gets in with a code, and outlives a restart and the
renewal of certificates.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import testinfra

from lab import engine, state
from playbooks import WITH_OTHERS, PlaybookRun, run_playbook

# testinfra calls podman by itself.
os.environ.update(engine.environment())

HANDED = state.REMOTE_ACCESS / "people"
UP = "Initialization Sequence Completed"
CLIENT_LOG = "/run/client/log"


@pytest.fixture(scope="module")
def edge() -> testinfra.host.Host:
    return testinfra.get_host("podman://pacs-lab-edge")


@pytest.fixture
def client(edge: testinfra.host.Host) -> Iterator[str]:
    """Somebody who has logged in; gives the path of the log."""
    log_in(edge)
    yield CLIENT_LOG
    log_out(edge)


def log_in(edge: testinfra.host.Host) -> None:
    """With what was handed over last, from the gateway itself, without an interface."""
    profile = (HANDED / "profiles" / "r.smith.ovpn").read_text(encoding="utf-8")
    profile = profile.replace("\nauth-user-pass\n", "\nauth-user-pass /run/client/login\n")
    edge.check_output("mkdir -m 0700 -p /run/client")
    put(edge, "/run/client/login", f"r.smith\n{fresh_code()}\n")
    put(edge, "/run/client/profile", profile)
    edge.check_output(
        "systemd-run --unit=test-client openvpn --config /run/client/profile --dev null --ifconfig-noexec "
        "--route-noexec --connect-retry 1 1 --log %s",
        CLIENT_LOG,
    )


def log_out(edge: testinfra.host.Host) -> None:
    edge.run("systemctl stop test-client; systemctl reset-failed test-client; rm -r /run/client")


def again(**variables: object) -> PlaybookRun:
    """The role once more."""
    playbook = Path(__file__).resolve().parents[1] / "gateway.yml"
    done = run_playbook(playbook, variables={"people": str(HANDED), **variables}, collections=WITH_OTHERS)
    assert done.ok, done.output
    return done


def put(host: testinfra.host.Host, path: str, text: str) -> None:
    host.check_output("echo %s | base64 -d > %s && chmod 600 %s", base64.b64encode(text.encode()).decode(), path, path)


_used: set[str] = set()


def fresh_code() -> str:
    """The next code that nobody has used: each is good once."""
    deadline = time.monotonic() + 45
    while (found := code()) in _used:
        assert time.monotonic() < deadline
        time.sleep(1)
    _used.add(found)
    return found


def code() -> str:
    """RFC 6238, as an authenticator does it from what the user was handed."""
    handed = (HANDED / "codes" / "r.smith.txt").read_text(encoding="utf-8").strip()
    key = base64.b32decode(parse_qs(urlsplit(handed).query)["secret"][0])
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def wait_for(edge: testinfra.host.Host, log: str, times: int) -> str:
    said = ""
    for _try in range(100):
        said = edge.run("cat %s", log).stdout
        if said.count(UP) >= times:
            return said
        time.sleep(0.2)
    raise AssertionError(f"{said}\n{edge.run('journalctl -u openvpn-server@people -n 40').stdout}")


def test_it_runs_as_an_account_of_its_own(edge: testinfra.host.Host) -> None:
    unit = edge.service("openvpn-server@people")
    assert unit.is_running and unit.is_enabled
    main = edge.check_output("systemctl show --property=MainPID --value openvpn-server@people")
    assert edge.check_output("ps -o user= -p %s", main) == "pacs-vpn"
    assert edge.file("/run/pacs-vpn/people").mode == 0o700
    assert edge.file("/etc/openvpn/server/people/server.key").mode == 0o600


def test_what_users_are_handed_is_for_their_eyes_only() -> None:
    assert sorted(path.name for path in (HANDED / "profiles").iterdir()) == ["r.smith.ovpn", "robot.ovpn"]
    assert [path.name for path in (HANDED / "codes").iterdir()] == ["r.smith.txt"]
    for folder in ("profiles", "codes", "keys"):
        assert {path.stat().st_mode & 0o777 for path in (HANDED / folder).iterdir()} == {0o600}


def test_a_client_gets_in_and_outlives_a_restart(edge: testinfra.host.Host, client: str) -> None:
    said = wait_for(edge, client, 1)
    assert "route 198.18.30.10 255.255.255.255" in said
    edge.check_output("systemctl restart openvpn-server@people")
    wait_for(edge, client, 2)


def test_certificates_are_renewed_while_somebody_is_in(edge: testinfra.host.Host, client: str) -> None:
    wait_for(edge, client, 1)
    handed = (HANDED / "profiles" / "r.smith.ovpn").read_text(encoding="utf-8")
    # Of 90 days there is less left than a third of 300.
    again(vpn_tls_certificate_days=300)
    edge.check_output("openssl x509 -noout -checkend %s -in /etc/openvpn/server/people/server.crt", str(299 * 86400))
    wait_for(edge, client, 2)
    assert (HANDED / "profiles" / "r.smith.ovpn").read_text(encoding="utf-8") != handed, "to be handed over again"
    assert again(vpn_tls_certificate_days=300).changed == {"edge": 0}

    (HANDED / "revoked").mkdir()
    for path in (HANDED / "certificates").glob("*.crt.*"):
        path.rename(HANDED / "revoked" / path.name)
    again(vpn_tls_certificate_days=300)
    for _try in range(50):
        if "error=certificate revoked: CN=r.smith" in edge.check_output("journalctl -u openvpn-server@people -n 100"):
            break
        time.sleep(0.2)
    else:
        raise AssertionError(edge.check_output("journalctl -u openvpn-server@people -n 100"))
    log_out(edge)
    log_in(edge)
    wait_for(edge, client, 1)
