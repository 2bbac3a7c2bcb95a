"""The files that each node gets on top of its image, before its first start, as one reproducible tar archive.

Static files come from files/common, files/<kind> and files/<node>; the programs in guest/ go to /usr/local/lib/lab;
the rest (routes, keys, Orthanc's configuration, names) is derived from the topology.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab import state
from lab.topology import Family, Node, Topology

STATIC = Path(__file__).with_name("files")
GUEST = Path(__file__).with_name("guest")
UNITS = "etc/systemd/system"
# Units that every node starts, by the target that wants them.
COMMON_UNITS = {"lab-network.service": "multi-user.target", "lab-proc-sys-net.service": "sysinit.target"}
PROGRAMS_EVERYWHERE = ("probe_runner.py",)
# One fixed time: a file's age must not change the archive, and "1970" makes some programs complain.
MODIFIED = 1767225600


@dataclass(frozen=True)
class Entry:
    """A file of a node. ``link``: a symbolic link's target instead of content."""

    path: str
    content: bytes = b""
    mode: int = 0o644
    link: str | None = None


def archive(topology: Topology, node: Node) -> bytes:
    """The node's files as a tar archive, byte for byte the same as long as nothing it is made from changes."""
    entries = {entry.path: entry for entry in _entries(topology, node)}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for folder in sorted({str(parent) for path in entries for parent in Path(path).parents if str(parent) != "."}):
            header = _header(folder, 0o700 if folder == "root/.ssh" else 0o755)
            header.type = tarfile.DIRTYPE
            tar.addfile(header)
        for path in sorted(entries):
            entry = entries[path]
            header = _header(path, entry.mode)
            if entry.link is not None:
                header.type, header.linkname = tarfile.SYMTYPE, entry.link
                tar.addfile(header)
            else:
                header.size = len(entry.content)
                tar.addfile(header, io.BytesIO(entry.content))
    return buffer.getvalue()


def routes(node: Node, family: Family) -> str:
    """The node's routes of one family, as `ip -batch` reads them."""
    rows = (route for route in node.routes if route.family == family)
    return "".join(f"route replace {row.destination} via {row.gateway} dev {row.interface}\n" for row in rows)


def orthanc_configuration(topology: Topology, node: Node) -> dict[str, object]:
    """Orthanc's configuration: it answers to its own AE title, and knows the modality and the viewer by address."""
    modality, viewer = topology.node("ct1"), topology.node("ws1")
    known = {"Port": 11112, "Manufacturer": "Generic", "AllowEcho": True, "AllowStore": True, "AllowFind": True}
    return {
        "Name": node.name,
        "StorageDirectory": "/var/lib/orthanc/db-v6",
        "IndexDirectory": "/var/lib/orthanc/db-v6",
        "Plugins": [],
        "HttpPort": 8042,
        "RemoteAccessAllowed": True,
        "AuthenticationEnabled": True,
        "DicomAet": node.ae_title,
        "DicomPort": 11112,
        "DicomCheckCalledAet": True,
        "DicomAlwaysAllowEcho": True,
        "DicomAlwaysAllowStore": False,
        "OverwriteInstances": False,
        "SynchronousCMove": True,
        "DicomModalities": {
            "ct1": {
                **known,
                "AET": modality.ae_title,
                "Host": modality.address(),
                "AllowMove": False,
                "AllowStorageCommitment": True,
            },
            "ws1": {
                **known,
                "AET": viewer.ae_title,
                "Host": viewer.address(),
                "AllowMove": True,
                "AllowStorageCommitment": False,
            },
        },
    }


def fingerprint(*parts: bytes | str) -> str:
    """A short hash that changes when a node has to be made anew."""
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part if isinstance(part, bytes) else part.encode()).digest())
    return total.hexdigest()[:16]


def _entries(topology: Topology, node: Node) -> Iterator[Entry]:
    for layer in ("common", node.kind, node.name):
        yield from _static(layer)
    for program in sorted(GUEST.glob("*.py")):
        if node.kind != "clinical" and program.name not in PROGRAMS_EVERYWHERE:
            continue
        yield Entry(f"usr/local/lib/lab/{program.name}", program.read_bytes())
    yield Entry("etc/lab/routes.ipv4", routes(node, 4).encode())
    yield Entry("etc/lab/routes.ipv6", routes(node, 6).encode())
    yield Entry("etc/lab/node.env", f"AE_TITLE={node.ae_title or ''}\n".encode())
    yield Entry("etc/hosts", _hosts(topology).encode())
    yield Entry("etc/hostname", f"{node.name}\n".encode())
    yield Entry(
        "etc/machine-id",
        hashlib.md5(node.container.encode(), usedforsecurity=False).hexdigest().encode() + b"\n",
        0o444,
    )
    yield from _keys(node)
    for unit in node.services:
        yield _enabled(unit, "sockets.target" if unit.endswith(".socket") else "multi-user.target")
    for unit, target in COMMON_UNITS.items():
        yield _enabled(unit, target)
    if "orthanc.service" in node.services:
        users = {"RegisteredUsers": {state.ORTHANC_USER: state.orthanc_password()}}
        yield Entry("etc/orthanc/credentials.json", json.dumps(users, indent=2).encode(), 0o640)
        yield Entry("etc/orthanc/orthanc.json", json.dumps(orthanc_configuration(topology, node), indent=2).encode())


def _static(layer: str) -> Iterator[Entry]:
    root = STATIC / layer
    for path in sorted(root.rglob("*")):
        if path.is_file():
            yield Entry(str(path.relative_to(root)), path.read_bytes())


def _keys(node: Node) -> Iterator[Entry]:
    key = state.host_key(node.name)
    yield Entry("etc/ssh/ssh_host_ed25519_key", key.read_bytes(), 0o600)
    yield Entry("etc/ssh/ssh_host_ed25519_key.pub", key.with_suffix(".pub").read_bytes())
    if node.managed:
        yield Entry("root/.ssh/authorized_keys", state.IDENTITY.with_suffix(".pub").read_bytes(), 0o600)


def _enabled(unit: str, target: str) -> Entry:
    folder = "/etc/systemd/system" if unit.startswith("lab-") else "/usr/lib/systemd/system"
    return Entry(f"{UNITS}/{target}.wants/{unit}", link=f"{folder}/{unit}")


def _hosts(topology: Topology) -> str:
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost"]
    lines += [f"{node.address(family)} {node.name}" for node in topology.nodes.values() for family in (4, 6)]
    return "\n".join(lines) + "\n"


def _header(path: str, mode: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(path)
    header.mode, header.mtime, header.uid, header.gid = mode, MODIFIED, 0, 0
    return header
