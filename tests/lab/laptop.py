"""The laptop of a radiologist at home, played by the node outsider: a VPN client, an authenticator, a viewer's tools.

It gets in with what a user of the gateway is handed, a profile and the secret of the codes; no key of the hospital is
on it. A step that failed is a value; LabError is raised when the lab itself could not be asked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from lab import nodes, probes
from lab.errors import LabError
from lab.probes import Expectation, Probe, Result
from lab.topology import Family, topology
from lab.workflows import DICOM_PORT, Instance

NODE = "outsider"
#: All of the hospital's networks, a bit more exactly than the laptop's own route to them (topology.yml).
_HOSPITAL = ("198.18.0.0/16", "fd00:18::/33")
_FOLDER = "/run/lab-vpn"
_UNIT = "lab-vpn"

# OpenVPN takes user name and code from a file. With a name it is written anew, with the authenticator's code of now.
_CONNECT = f"""
set -e
umask 077
cd {_FOLDER}
[ -z "$1" ] || printf '%s\\n' "$1" "$(oathtool --totp --base32 - < secret)" > login
rm -f log
systemd-run --quiet --collect --unit={_UNIT} openvpn --cd {_FOLDER} --config profile --connect-retry-max 2 --log log
for try in $(seq 150); do
    grep -qs 'Initialization Sequence Completed' log && exit 0
    systemctl --quiet is-active {_UNIT} || break
    sleep 0.1
done
grep -s AUTH_FAILED log >&2 || tail -n 3 log >&2
exit 1
"""

_READ = f"""
set -e
mkdir -p {_FOLDER}/found {_FOLDER}/study
peer="-S -to 10 -ta 10 -td 60 -aet $1 -aec $2 -k QueryRetrieveLevel=STUDY -k StudyInstanceUID=$4"
findscu $peer -X -od {_FOLDER}/found "$3" {DICOM_PORT}
ls {_FOLDER}/found | wc -l
getscu $peer -od {_FOLDER}/study "$3" {DICOM_PORT}
ls {_FOLDER}/study
"""


@dataclass(frozen=True)
class Connected:
    """Whether the tunnel is up, and the addresses that the laptop has in it."""

    ok: bool
    addresses: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True)
class Read:
    """``found``: how many studies the archive answered for one; ``uids``: instances that arrived by C-GET."""

    expected: frozenset[str] = frozenset()
    found: int = 0
    uids: frozenset[str] = frozenset()
    detail: str = ""

    @property
    def ok(self) -> bool:
        return self.found == 1 and bool(self.expected) and self.uids >= self.expected


@dataclass(frozen=True)
class Visit:
    """What came of a visit from home.

    ``inside`` was tried through the tunnel. ``remembered`` is what the edge says to have refused there. ``without``
    are the same connections to the archive, without the tunnel. ``alive`` are the controls: the listeners that were
    found shut, asked on their own nodes. ``again`` is a second connection with the code of the first.
    """

    connection: Connected
    read: Read = Read()
    inside: tuple[Result, ...] = ()
    remembered: frozenset[tuple[str, int]] = frozenset()
    without: tuple[Result, ...] = ()
    alive: tuple[Result, ...] = ()
    again: Connected = Connected(False)

    def of(self, expected: str) -> list[Result]:
        """What was tried through the tunnel, and must be ``expected`` (open or shut)."""
        return [result for result in self.inside if result.probe.expected == expected]

    @property
    def faults(self) -> list[str]:
        """What isn't as it must be, a line each; none after a visit that proves what it should."""
        if not self.connection.ok:
            return [f"no connection: {self.connection.detail}"]
        said = [] if self.read.ok else [f"the study wasn't read: {self.read.detail or sorted(self.read.uids)}"]
        said += [] if len(self.connection.addresses) == len(probes.FAMILIES) else ["not both IP versions in the tunnel"]
        said += [f"{one.probe} is {one.outcome} through the tunnel" for one in self.inside if not one.as_expected]
        refused = {(one.probe.address, one.probe.port) for one in self.of("shut")}
        said += [f"the edge never saw {address} port {port}" for address, port in sorted(refused - self.remembered)]
        said += [
            f"{one.probe} is {one.outcome} without the tunnel" for one in self.without if one.outcome not in probes.SHUT
        ]
        said += [f"the control {one.probe} is {one.outcome}" for one in self.alive if not one.is_open]
        said += ["a code counted twice"] if self.again.ok or "AUTH_FAILED" not in self.again.detail else []
        return (
            said if self.of("open") and self.of("shut") and self.alive and self.without else [*said, "too little tried"]
        )

    @property
    def ok(self) -> bool:
        return not self.faults


def visit(handed: Path, user: str, title: str, instances: Sequence[Instance]) -> Visit:
    """Connect as that user, read the study of these instances as that AE title, try everything else, disconnect.

    ``handed``: the server's directory on the controller, with what its users are handed.
    """
    with carrying(handed, user):
        connection = connect(user)
        if not connection.ok:
            return Visit(connection)
        read = read_study(title, instances)
        inside = try_inside((*archive(), *everything_else()))
        remembered = refused(connection.addresses)
        disconnect()
        without = probes.run(archive())
        again = connect(None)
    alive = probes.run(probes.controls(everything_else()))
    return Visit(connection, read, inside, remembered, without, alive, again)


@contextmanager
def carrying(handed: Path, user: str) -> Iterator[None]:
    """The laptop with that user's profile and authenticator on it; neither stays."""
    profile = (handed / "profiles" / f"{user}.ovpn").read_text(encoding="utf-8")
    code = (handed / "codes" / f"{user}.txt").read_text(encoding="utf-8")
    files = {
        "profile": profile.replace("\nauth-user-pass\n", "\nauth-user-pass login\n"),
        "secret": parse_qs(urlsplit(code.strip()).query)["secret"][0],
    }
    nodes.run(NODE, ["/bin/mkdir", "-p", "-m", "0700", _FOLDER], check=True)
    try:
        for name, text in files.items():
            nodes.run(
                NODE, ["/usr/bin/install", "-m", "0600", "/dev/stdin", f"{_FOLDER}/{name}"], input=text, check=True
            )
        yield
    finally:
        disconnect()
        nodes.run(NODE, ["/bin/rm", "-r", _FOLDER], check=True)


def connect(user: str | None) -> Connected:
    """Connect with the code of now or, without a user name, with the one of last time."""
    done = nodes.run(NODE, ["/bin/sh", "-c", _CONNECT, "connect", user or ""], timeout=40)
    ok = done.returncode == 0
    return Connected(ok, _addresses() if ok else (), done.stderr.strip())


def disconnect() -> None:
    """End the tunnel, if there is one."""
    nodes.run(NODE, ["/bin/systemctl", "stop", _UNIT])


def read_study(title: str, instances: Sequence[Instance]) -> Read:
    """Ask pacs1 for the study of these instances (C-FIND) and fetch it (C-GET): the laptop opens every association."""
    entity = topology().node("pacs1")
    (study,) = {item.study for item in instances}
    expected = frozenset(item.uid for item in instances)
    words = [title, str(entity.ae_title), entity.address(), study]
    done = nodes.run(NODE, ["/bin/sh", "-c", _READ, "read", *words], timeout=150)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        return Read(expected, detail=said[-1] if said else "no message")
    found, *names = done.stdout.split()
    # getscu names a file by an abbreviation of its class, a dot, and the SOP Instance UID.
    return Read(expected, int(found), frozenset(name.partition(".")[2] for name in names))


def archive() -> tuple[Probe, ...]:
    """The one listener that a teleradiologist reaches, in IPv4 and IPv6."""
    return tuple(_probe("pacs1", int(DICOM_PORT), family, "open") for family in probes.FAMILIES)


def everything_else() -> tuple[Probe, ...]:
    """Every other listener of the hospital, by its node's first address."""
    return tuple(
        _probe(node.name, port, family, "shut")
        for node in topology().nodes.values()
        for port in node.ports
        for family in probes.FAMILIES
        if node.name != NODE and (node.name, port) != ("pacs1", int(DICOM_PORT))
    )


def try_inside(wanted: Sequence[Probe]) -> tuple[Result, ...]:
    """Try connections from the laptop with everything sent into the tunnel, whatever routes it was given."""
    interface = _interface()
    for network in _HOSPITAL:
        nodes.run(NODE, ["/bin/ip", "route", "add", network, "dev", interface], check=True)
    try:
        return probes.run(wanted)
    finally:
        for network in _HOSPITAL:
            nodes.run(NODE, ["/bin/ip", "route", "del", network, "dev", interface], check=True)


def refused(addresses: Iterable[str]) -> frozenset[tuple[str, int]]:
    """Address and port of what the edge remembers to have refused to these addresses: so it did arrive there."""
    wanted, found = set(addresses), set()
    for version in probes.FAMILIES:
        words = ["/usr/sbin/nft", "-j", "list", "set", "inet", "pacs", f"undeclared{version}"]
        for row in json.loads(nodes.run("edge", words, check=True).stdout)["nftables"]:
            for element in row.get("set", {}).get("elem", []):
                source, destination, _protocol, port = element["elem"]["val"]["concat"]
                if source in wanted:
                    found.add((destination, port))
    return frozenset(found)


def _probe(target: str, port: int, family: Family, expected: Expectation) -> Probe:
    lab = topology()
    return probes.make(
        lab, lab.node(NODE), lab.node(target), port, family, expected, "a reader reaches the archive alone"
    )


def _interface() -> str:
    """Of the tunnel."""
    shown = nodes.run(NODE, ["/bin/ip", "-o", "link", "show", "type", "tun"], check=True).stdout.split()
    if len(shown) < 2:
        raise LabError("the laptop has no tunnel: it isn't connected")
    return shown[1].rstrip(":")


def _addresses() -> tuple[str, ...]:
    words = ["/bin/ip", "-o", "address", "show", "dev", _interface(), "scope", "global"]
    rows = [line.split() for line in nodes.run(NODE, words, check=True).stdout.splitlines()]
    return tuple(row[3].partition("/")[0] for row in rows)
