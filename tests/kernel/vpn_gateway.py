"""A whole gateway with its users: keys born on it, certificates, codes, and what each user holds."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from kernel.vpn_place import Client, Place, key_places, place
from vpn_ca import Issued
from vpn_example import TODAY, site_gateway, vpn_site
from vpn_example import user as person

from ansible_collections.pacs.hardening.plugins.module_utils._io.openvpn import end_sessions, sessions
from ansible_collections.pacs.hardening.plugins.module_utils._io.openvpn_keys import born_here, hand_over
from ansible_collections.pacs.hardening.plugins.module_utils._io.openvpn_server import Outcome
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.openvpn import GatewayFile, Places, places
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.openvpn_client import ClientKeys, client_profile
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_model import Limits, TlsGateway, TlsUser

#: One user more than the gateway knows, with a certificate of the same authority.
UNKNOWN = "mallory"


@dataclass
class Running:
    """A gateway that serves, and everything its users were given."""

    place: Place
    gateway: TlsGateway
    issued: dict[str, Issued] = field(default_factory=dict)
    tls_crypt: str = ""
    clients: list[Client] = field(default_factory=list)
    _started: int = 0

    @property
    def at(self) -> Places:
        return places(self.gateway.name)

    @property
    def log(self) -> str:
        """What the server has said since it was started last."""
        path = self.place.root / f"{self.gateway.name}-{self._started}.log"
        return path.read_text(encoding="utf-8", errors="replace")

    def prepare(self) -> None:
        """Keys, certificates, files: as the role does it."""
        here, ca = self.place, self.place.authority
        request = self.prepare_keys()
        self.apply(
            GatewayFile(self.at.authority, ca.certificate, restarts=True),
            GatewayFile(self.at.certificate, ca.sign(request), restarts=True),
            GatewayFile(self.at.revocations, ca.crl()),
        )
        here.on_gateway(self.at.run).mkdir(mode=0o700, parents=True)
        tls_crypt = here.there(hand_over, key_places(self.gateway.name), [])[0]
        assert tls_crypt is not None
        self.tls_crypt = tls_crypt
        for name in (*(user.name for user in self.gateway.users), UNKNOWN):
            self.issued[name] = ca.issue(name)

    def prepare_keys(self) -> str:
        """Make the keys that are missing; returns the request for a certificate."""
        arguments = key_places(self.gateway.name), self.gateway.identity, self._coded(), False
        born = self.place.there(born_here, *arguments)
        assert born.request is not None
        return born.request

    def apply(self, *more: GatewayFile) -> Outcome:
        """Bring the gateway's files to what the value says."""
        return self.place.apply(self.gateway, *more)

    def revocations(self) -> GatewayFile:
        """The list of now."""
        return GatewayFile(self.at.revocations, self.place.authority.crl())

    def start(self) -> None:
        self._started += 1
        self.place.start_server(self.at.configuration, f"{self.gateway.name}-{self._started}.log")

    def code(self, name: str) -> str:
        """A code that counts: the secret is a new one each time, so that no test waits for the next half minute."""
        places_of_keys = key_places(self.gateway.name)
        (self.place.on_gateway(f"{self.at.codes}/{name}")).unlink(missing_ok=True)
        self.place.there(born_here, places_of_keys, self.gateway.identity, [*self._coded(), name], False)
        return totp(self.place.there(hand_over, places_of_keys, [name])[1][name])

    def profile(self, name: str) -> str:
        """What the user was given."""
        issued, known = self.issued[name], {user.name: user for user in self.gateway.users}
        keys = ClientKeys(self.place.authority.certificate, issued.certificate, issued.private_key, self.tls_crypt)
        return client_profile(self.gateway, known.get(name, self.gateway.users[0]), keys, TODAY)

    def connect(self, where: str, name: str) -> Client:
        """Connect as that user, with a good code, and wait for the tunnel."""
        return self.place.wait_up(self.knock(where, name))

    def knock(self, where: str, name: str) -> Client:
        """Begin to connect as that user."""
        user = next(user for user in self.gateway.users if user.name == name)
        login = (name, self.code(name)) if user.second_factor else None
        client = self.place.connect(where, self.profile(name), login)
        self.clients.append(client)
        return client

    def leave(self) -> None:
        """End every client that connect() has started, on both sides."""
        while self.clients:
            self.clients.pop().stop()
        self.place.there(_end_all, self.at.management)

    def names(self) -> list[str]:
        """Who is in."""
        return sorted(session.name for session in self.place.there(sessions, self.at.management))

    def _coded(self) -> list[str]:
        return [user.name for user in self.gateway.users if user.second_factor]


def _end_all(management: str) -> None:
    end_sessions(management, sessions(management))


def totp(secret: str) -> str:
    """The code of now."""
    done = subprocess.run(
        ["oathtool", "--totp", "--base32", "-"], input=secret, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def without(gateway: TlsGateway, *names: str) -> tuple[TlsUser, ...]:
    """The users but these."""
    return tuple(user for user in gateway.users if user.name not in names)


@contextmanager
def serving_site(root: Path, *more: str) -> Iterator[Running]:
    """The server of the tests' site with its ruleset, serving; a machine and more people than the site has."""
    declared = site_gateway("people")
    robot = person("robot", 40, kind="machine", second_factor=False)
    users = (*declared.users, robot, *(person(name, number) for number, name in enumerate(more, 50)))
    with place(root) as wired:
        made = Running(wired, replace(declared, users=users, limits=Limits(ping=1, dead=3, idle=0)))
        wired.load(ruleset())
        made.prepare()
        made.start()
        yield made


def ruleset() -> str:
    """The ruleset of the gateway, compiled from the site."""
    return render(compile_site(vpn_site()).policies["edge"])
