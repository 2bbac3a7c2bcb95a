"""How sessions over TLS go on without a new code, who may ask the server, and how a session ends."""

from __future__ import annotations

import contextlib
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from compliance_example import controls
from kernel.vpn_gateway import Running, serving_site, without
from kernel.vpn_place import ARCHIVE, missing
from vpn_example import TODAY, site_gateway, vpn_site

from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence_openvpn import openvpn
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host
from ansible_collections.pacs.hardening.plugins.module_utils._io.openvpn import Management, sessions
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._vpn.openvpn_status import parse_status
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.collected import read_host
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts import Facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.facts_remote_access import remote_access_facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._compliance.judge import judge
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site

pytestmark = [pytest.mark.kernel, pytest.mark.skipif(missing() is not None, reason=str(missing()))]

#: What a client says each time it is in.
UP = "Initialization Sequence Completed"
MORE = ("bare", "old")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving_site(tmp_path_factory.mktemp("vpn"), *MORE) as made:
        yield made


@pytest.fixture(autouse=True)
def leave(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nobody stays connected from one test to the next."""
    yield
    if "running" in request.fixturenames:
        made: Running = request.getfixturevalue("running")
        made.leave()


class TestWithoutANewCode:
    """A token stands for the code, and is worth nothing without the rest."""

    def test_clients_survive_a_restart_of_the_gateway(self, running: Running) -> None:
        client = running.connect("reader", "r.smith")
        for hard in (False, True):
            running.place.stop_server(hard=hard)
            assert running.names() == [], "whatever socket it left"
            running.start()
            took = running.place.wait(lambda: running.names() == ["r.smith"], client.said, 20)
            print(f"back after {'kill -9' if hard else 'a restart'}: {took:.1f} s")
            assert not client.ended

    def test_a_token_dies_with_the_file_and_with_the_certificate(self, running: Running) -> None:
        wired, clients = running.place, {name: running.knock("reader", name) for name in ("bare", "old")}
        for client in clients.values():
            wired.wait_up(client)
        for name, client in clients.items():
            wired.there(shake_hands, running.at.management, name)
            # The client of this round; mypy knows no type for a lambda's default.
            wired.wait(lambda client=client: client.said.count(UP) == 2, "the token isn't taken")  # type: ignore[misc]
        assert running.names() == ["bare", "old"], "the positive control"

        wired.on_gateway(f"{running.at.users}/bare").unlink()
        wired.authority.revoked.append(running.issued["old"].serial)
        wired.write(running.at.revocations, wired.authority.crl())
        reasons = (
            "--client-config-dir authentication failed for common name 'bare'",
            "certificate revoked: CN=old",
        )
        assert not [reason for reason in reasons if reason in running.log]
        for name in clients:
            wired.there(shake_hands, running.at.management, name)
        wired.wait(lambda: all(reason in running.log for reason in reasons), running.log)
        # Whoever doesn't obey keeps the old session for as long as OpenVPN waits: five seconds.
        wired.wait(lambda: running.names() == [], "the old session goes on", 6)


def shake_hands(management: str, name: str) -> None:
    """Have that client come again, as any that has lost its way does."""
    (session,) = [session for session in sessions(management) if session.name == name]
    with Management(management) as line:
        line.reconnect(session)


class TestManagement:
    def test_nobody_else_talks_to_the_server(self, running: Running) -> None:
        directory = running.place.on_gateway(running.at.run)
        as_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "python3", "-c", ASK]
        running.connect("reader", "r.smith")
        assert running.names() == ["r.smith"], "the positive control: root is answered"
        with pytest.raises(RuntimeError, match="PermissionError"):
            running.place.run(*as_nobody, running.at.management)
        directory.chmod(0o755)
        try:
            assert running.place.run(*as_nobody, running.at.management) == "b''\n", "the second lock answers nothing"
        finally:
            directory.chmod(0o700)

    def test_status_file_socket_and_evidence_say_the_same(self, running: Running) -> None:
        running.connect("reader", "r.smith")
        (there,) = running.place.there(sessions, running.at.management)
        assert (there.name, there.username, there.cipher) == ("r.smith", "r.smith", "AES-256-GCM")
        assert (there.ipv4, there.ipv6) == ("198.18.80.10", "fd00:18:80::10")
        running.connect("stranger", "robot")
        (server,) = running.place.there(openvpn, Host())["servers"]
        assert server["configuration"] == running.at.configuration
        assert server["settings"]["tls-version-min"] == ["1.3"]
        assert server["management"] == {"path": running.at.management, "there": True, "closed": True}
        assert [one["name"] for one in server["sessions"]] == ["r.smith", "robot"]
        assert server["sessions"][0]["since"] == there.since
        assert server["second_factor"] == {"service": "pacs-vpn-people", "asked": True, "spared": ["robot"]}
        assert (server["certificate"]["name"], server["certificate"]["bits"]) == ("vpn.hospital.example", 384)
        assert server["revocations"]["revoked"] == len(running.place.authority.revoked)
        file = running.place.on_gateway(running.at.status)

        def written() -> list[int]:
            # It is written every few seconds, and may be in the midst of that.
            with contextlib.suppress(HardeningError):
                return [one.client_id for one in parse_status(file.read_text()).sessions if one.name == there.name]
            return []

        running.place.wait(lambda: written() == [there.client_id], "the file doesn't say who is in")
        states = judged({"servers": [server]})
        assert (states["VPN-01"][0], states["VPN-03"][0], states["VPN-04"][0]) == ("pass", "fail", "warn")
        assert "robot is in, whom the site doesn't declare" in states["VPN-03"][1]
        assert states["VPN-03"][1].count("doesn't declare") == 1, "r.smith is"
        assert "server people: PAM's service pacs-vpn-people asks for a one-time code" in states["VPN-04"][1]
        assert states["VPN-05"][0] == "fail", "this gateway has no limit of idle time"
        assert "a session that nobody uses goes on" in states["VPN-05"][1]


def judged(value: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """State and text of each control, from what the server really said."""
    document = vpn_site()
    del document["remote_access"]["tls"]["old"]
    part = {"status": "ok", "value": value}
    parts = {"openvpn": part, "ipsec": {"status": "absent", "reason": "none"}}
    record = read_host({"reached": "ok", "reason": "", "evidence": {"format": 1, "parts": parts}})
    known, unknown = remote_access_facts(load_site(document).site, "edge", record, {}, datetime.now(UTC))
    reasons = {f"firewall.remote_access.{path}": reason for path, reason in unknown.items()}
    facts = Facts("firewall", "edge", {"firewall": {"remote_access": known}}, reasons)
    made = [judge(control, facts) for control in controls() if control.id in ("VPN-01", "VPN-03", "VPN-04", "VPN-05")]
    return {one.control.id: (one.state, "; ".join(one.observed)) for one in made}


ASK = """
import socket, sys
line = socket.socket(socket.AF_UNIX)
line.settimeout(3)
line.connect(sys.argv[1])
print(line.recv(99))
"""


class TestHowItEnds:
    def test_a_revoked_user_is_out_within_five_seconds(self, running: Running) -> None:
        wired = running.place
        client = running.connect("leaver", "leaver")
        with wired.clients["leaver"].inside():
            stream = socket.create_connection((ARCHIVE[0], 11112), 2)
        with stream:
            assert stream.recv(1) == b"."
            stays = running.connect("reader", "r.smith")
            former = running.profile("leaver")
            wired.authority.revoked.append(running.issued["leaver"].serial)
            running.gateway = replace(running.gateway, users=without(running.gateway, "leaver"))
            begin = time.monotonic()
            outcome = running.apply(running.revocations())
            wired.wait(lambda: client.ended, "the session goes on", 5)
            took = time.monotonic() - begin
        print(f"revoked, and out after {took:.2f} s")
        assert [session.name for session in outcome.ended] == ["leaver"]
        assert not wired.on_gateway(f"{running.at.users}/leaver").exists()
        wired.wait(lambda: running.names() == ["r.smith"], "who may stay doesn't come back", 8)
        assert not stays.ended
        again = wired.connect("leaver", former, ("leaver", running.code("leaver")))
        wired.wait(lambda: "certificate revoked: CN=leaver" in running.log, "it isn't refused for that", 8)
        assert not again.up
        again.stop()

    def test_a_run_that_was_interrupted_is_finished_by_the_next(self, running: Running) -> None:
        """The longer list lies there, and nobody had to shake hands again."""
        running.connect("reader", "r.smith")
        running.place.authority.revoked.append(running.place.authority.issue("somebody").serial)
        longer = running.revocations()
        running.place.write(longer.path, longer.text)
        assert [session.name for session in running.apply(longer).again] == ["r.smith"]
        running.place.wait(lambda: running.names() == ["r.smith"], "who may stay doesn't come back", 8)
        assert running.apply(longer).again == ()

    def test_a_client_that_does_not_obey_is_out_too(self, running: Running) -> None:
        client = running.connect("vendor", "acme")
        client.process.send_signal(signal.SIGSTOP)
        running.gateway = replace(running.gateway, users=without(running.gateway, "acme"))
        begin = time.monotonic()
        running.apply()
        assert running.names() == []
        assert time.monotonic() - begin < 5
        client.process.send_signal(signal.SIGCONT)


def test_tls_1_2_over_tcp_while_its_exception_stands(running: Running) -> None:
    """A second server of the same host, with the forms that are left: TCP, one address, an exception."""
    old = site_gateway("old")
    accepted = old.tls_1_2
    assert accepted is not None and accepted.expires_on == TODAY
    second = Running(running.place, old, clients=running.clients)
    first = running.place.server
    try:
        second.prepare()
        second.start()
        older = "tls-version-min 1.2\ntls-version-max 1.2"
        changed = second.profile("r.smith").replace("tls-version-min 1.2", older)
        client = running.place.connect("stranger", changed, ("r.smith", second.code("r.smith")))
        running.clients.append(client)
        running.place.wait_up(client)
        assert "Control Channel: TLSv1.2" in client.said

        second.gateway = replace(old, tls_1_2=replace(accepted, expires_on=TODAY - timedelta(days=1)))
        assert [change.path for change in second.apply().changes] == [second.at.configuration]
        running.place.stop_server()
        second.start()
        again = running.place.connect("vendor", changed, ("r.smith", second.code("r.smith")))
        running.place.wait(lambda: "unsupported protocol" in second.log, again.said)
        assert not again.up
        again.stop()
    finally:
        running.place.stop_server()
        running.place.server = first
