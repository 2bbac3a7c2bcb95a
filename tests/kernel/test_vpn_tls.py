"""Remote access over TLS with the real OpenVPN, PAM and kernel: who gets in, what they reach, and how it ends."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import product

import pytest
from kernel.vpn_gateway import UNKNOWN, Running, ruleset, serving_site
from kernel.vpn_place import ARCHIVE, LISTENING, SCANNER, Client, listen, missing
from vpn_ca import Authority

pytestmark = [pytest.mark.kernel, pytest.mark.skipif(missing() is not None, reason=str(missing()))]

PORT = 104
#: What a client says each time it is in.
UP = "Initialization Sequence Completed"
#: Where each user's machine stands outside.
USERS = {"r.smith": "reader", "acme": "vendor", "leaver": "leaver"}
#: What the site of the tests declares, by hand.
ALLOWED = {
    "r.smith": {(address, 11112) for address in ARCHIVE},
    "acme": {(address, 22) for address in SCANNER},
    "leaver": {(address, port) for address in ARCHIVE for port in (104, 11112)},
}
#: Users with nothing to do but to fail: three wrong codes in half a minute close a door for a while.
FAILING = ("wrong", "reused", "crossed", "borrowed", "swapped", "old", "bare", "weak", "misled", "lapsed")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving_site(tmp_path_factory.mktemp("vpn"), *FAILING) as made:
        yield made


def reached(running: Running, asked: set[tuple[str, str, int]], patience: float = 0.7) -> set[tuple[str, str, int]]:
    """Which of (place, address, port) answer, all asked at once."""
    with ThreadPoolExecutor(64) as pool:
        answers = pool.map(lambda one: (one, running.place.reaches(one[0], one[1], one[2], patience)), asked)
        return {one for one, answered in answers if answered}


@pytest.fixture(autouse=True)
def leave(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nobody stays connected from one test to the next."""
    yield
    if "running" in request.fixturenames:
        made: Running = request.getfixturevalue("running")
        made.leave()


class TestWhatUsersReach:
    def test_each_user_reaches_exactly_what_the_site_declares(self, running: Running) -> None:
        wired = running.place
        everything = set(product(USERS.values(), ARCHIVE + SCANNER, LISTENING))
        for name, where in USERS.items():
            running.connect(where, name)
            # What an attacker would do at once: routes are handed out, and are no rule.
            wired.clients[where].ip(
                "route add 198.18.0.0/16 dev tun0",
                "route add fd00:18::/32 dev tun0",
            )
        assert running.names() == sorted(USERS)
        declared = {(USERS[name], *flow) for name, flows in ALLOWED.items() for flow in flows}
        assert reached(running, everything) == declared
        wired.load("")
        assert reached(running, everything) == everything, "the positive control: without rules all of it answers"
        wired.load(ruleset())
        assert reached(running, everything) == declared

    def test_users_do_not_reach_each_other_nor_lend_their_addresses(self, running: Running) -> None:
        wired = running.place
        with ExitStack() as stack:
            for family in (socket.AF_INET, socket.AF_INET6):
                listen(stack, wired.clients["vendor"], family, PORT)
            for name in ("r.smith", "acme"):
                running.connect(USERS[name], name)
            between = {("reader", address, PORT) for address in ("198.18.80.20", "fd00:18:80::20")}
            assert reached(running, between) == set()
            wired.load("")
            assert reached(running, between) == between, "the positive control"
            wired.load(ruleset())

            reader = wired.clients["reader"]
            reader.ip("addr add 198.18.80.20/32 dev tun0", "addr add fd00:18:80::20/128 dev tun0 nodad")
            reader.ip("route add 198.18.20.0/24 dev tun0", "route add fd00:18:20::/64 dev tun0")
            wired.gateway.run("nft", "-f", "-", text=LENT)
            for target, lent in zip(SCANNER, ("198.18.80.20", "fd00:18:80::20"), strict=True):
                assert wired.reaches("vendor", target, 22), "the positive control: it is the vendor's to reach"
                seen = wired.gateway.run("nft", "list", "counters", "table", "inet", "lent")
                assert "packets 1 " in seen, "the positive control"
                assert not wired.reaches("reader", target, 22, source=lent)
                assert wired.gateway.run("nft", "list", "counters", "table", "inet", "lent") == seen, "it came through"

    def test_outside_the_tunnel_nothing_passes(self, running: Running) -> None:
        wired = running.place
        wired.clients["stranger"].ip(
            "route add 198.18.0.0/16 via 198.19.0.254", "route add fd00:18::/32 via fd00:19::fe"
        )
        asked = {("stranger", address, port) for address in ARCHIVE + SCANNER for port in LISTENING}
        assert reached(running, asked) == set()
        wired.load("")
        assert reached(running, asked) == asked, "the positive control"
        wired.load(ruleset())
        wired.clients["stranger"].ip("route del 198.18.0.0/16", "route del fd00:18::/32")


class Attempt:
    """One that must fail, with what client and server say then."""

    def __init__(self, client: Client, client_says: str = "", server_says: str = "") -> None:
        self.client, self.client_says, self.server_says = client, client_says, server_says


@pytest.fixture(scope="module")
def attempts(running: Running) -> Iterator[dict[str, Attempt]]:
    """All at once, and then all are waited for: each takes seconds."""
    wired, profile, code = running.place, running.profile, running.code
    strange = Authority("Somebody else's CA").issue("misled")

    def go(changed: str, login: tuple[str, str], *says: str) -> Attempt:
        return Attempt(wired.connect("stranger", changed, login), *says)

    spent = code("reused")
    once = wired.wait_up(wired.connect("reader", profile("reused"), ("reused", spent)))
    once.stop()
    # The server ends by name what doesn't go by itself, and the next of that name with it.
    running.leave()
    wired.authority.revoked.append(running.issued["lapsed"].serial)
    running.apply(running.revocations())
    older = "tls-version-max 1.2\ntls-cipher TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384"
    crossed = code("crossed")
    made = {
        "a code that is none": go(profile("wrong"), ("wrong", "000000"), "AUTH_FAILED"),
        "a code that was used": go(profile("reused"), ("reused", spent), "AUTH_FAILED"),
        "the certificate of one, user and code of another": go(
            profile("borrowed"), ("crossed", crossed), "AUTH_FAILED", "crossed: deferred auth: PAM rejected"
        ),
        "the certificate and code of one, the user of another": go(
            profile("swapped"), ("crossed", code("swapped")), "AUTH_FAILED", "Failed running command (--client-connect)"
        ),
        "a user whom nobody declared, with a good code": go(
            profile(UNKNOWN),
            (UNKNOWN, code(UNKNOWN)),
            "AUTH_FAILED",
            f"--client-config-dir authentication failed for common name '{UNKNOWN}'",
        ),
        "TLS 1.2": go(
            profile("old").replace("tls-version-min 1.3", older), ("old", code("old")), "", "unsupported protocol"
        ),
        "no tls-crypt": go(
            re.sub("(?s)<tls-crypt>.*</tls-crypt>", "", profile("bare")),
            ("bare", code("bare")),
            "",
            "tls-crypt unwrap error",
        ),
        "another cipher": go(
            re.sub("(?m)^data-ciphers .*$", "data-ciphers AES-256-CBC", profile("weak")),
            ("weak", code("weak")),
            "AUTH_FAILED",
        ),
        "a server of another name": go(
            profile("misled").replace("verify-x509-name vpn.", "verify-x509-name other."),
            ("misled", code("misled")),
            "VERIFY X509NAME ERROR",
        ),
        "a certificate of another authority": go(
            re.sub("(?s)<cert>.*</key>", _own(strange.certificate, strange.private_key), profile("misled")),
            ("misled", "000000"),
            "",
            "VERIFY ERROR: depth=0",
        ),
        "a certificate that was revoked": go(
            profile("lapsed"), ("lapsed", code("lapsed")), "", "certificate revoked: CN=lapsed"
        ),
    }
    yield made
    for attempt in made.values():
        attempt.client.stop()


def _own(certificate: str, key: str) -> str:
    return f"<cert>\n{certificate}</cert>\n<key>\n{key}</key>"


REFUSED = (
    "a code that is none",
    "a code that was used",
    "the certificate of one, user and code of another",
    "the certificate and code of one, the user of another",
    "a user whom nobody declared, with a good code",
    "TLS 1.2",
    "no tls-crypt",
    "another cipher",
    "a server of another name",
    "a certificate of another authority",
    "a certificate that was revoked",
)


#: First packets that came out of the tunnel with the vendor's addresses.
LENT = """
table inet lent {
  counter four { }
  counter six { }
  chain c {
    type filter hook prerouting priority -400;
    iifname "tun-people" ip saddr 198.18.80.20 tcp flags syn counter name four
    iifname "tun-people" ip6 saddr fd00:18:80::20 tcp flags syn counter name six
  }
}
"""


class TestWhoGetsIn:
    def test_nobody_is_left_out(self, attempts: dict[str, Attempt]) -> None:
        assert set(attempts) == set(REFUSED)

    @pytest.mark.parametrize("what", REFUSED)
    def test_refused(self, running: Running, attempts: dict[str, Attempt], what: str) -> None:
        attempt = attempts[what]
        running.place.wait(
            lambda: attempt.client_says in attempt.client.said and attempt.server_says in running.log,
            "neither side says why",
            # PAM answers one after the other, and takes its time over each that it refuses.
            40,
        )
        assert not attempt.client.up

    def test_with_nothing_wrong_each_of_them_gets_in(self, running: Running, attempts: dict[str, Attempt]) -> None:
        """The positive control. The revoked one had been let in before, as leaver is below."""
        names = ("crossed", "borrowed", "swapped", "old", "bare", "weak", "misled")
        for client in [running.knock("stranger", name) for name in names]:
            running.place.wait_up(client)

    def test_a_machine_needs_no_code_and_a_person_without_a_secret_is_not_taken_for_one(self, running: Running) -> None:
        running.connect("reader", "robot").stop()
        running.place.on_gateway(f"{running.at.codes}/wrong").unlink()
        client = running.place.connect("reader", running.profile("wrong"), ("wrong", "certificate-only"))
        running.place.wait(lambda: client.ended, "it goes on")
        assert "AUTH_FAILED" in client.said
