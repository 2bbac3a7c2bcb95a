"""What one lab leaves in the working copy, all below ``.lab/`` (which ignores itself in git): keys, the password, how
podman is called. And what it notes about the machine, below /run: there is one lab a machine, whatever the number of
working copies.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lab.errors import LabError
from lab.topology import Topology

REPOSITORY = Path(__file__).resolve().parents[2]
STATE = REPOSITORY / ".lab"
SSH = STATE / "ssh"
IDENTITY = SSH / "id_ed25519"
KNOWN_HOSTS = SSH / "known_hosts"
ENGINE_NOTE = STATE / "engine"
TEMPORARY = STATE / "tmp"
PASSWORD = STATE / "orthanc-password"
# The authority's own, and what gateways and it hand to each other (inventories/lab_remote names the latter).
AUTHORITY = STATE / "authority"
REMOTE_ACCESS = STATE / "remote-access"

# A restart of the machine takes it away, as it does what stands in it: the lock, and how the machine was before `up`.
MACHINE = Path("/run/pacs-lab")
HOST_NOTE = MACHINE / "host.json"

ORTHANC_USER = "lab"


def cache_directory() -> Path:
    """Where base file systems are kept between runs, outside the tree."""
    chosen = os.environ.get("PACS_CACHE")
    if not chosen:
        chosen = f"{os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'}/pacs-hardening"
    return Path(chosen) / "lab"


def make() -> None:
    """Create ``.lab/``; git never sees it."""
    STATE.mkdir(mode=0o700, exist_ok=True)
    (STATE / ".gitignore").write_text("*\n", encoding="utf-8")
    (STATE / TEMPORARY.name).mkdir(exist_ok=True)


def empty_temporary() -> None:
    shutil.rmtree(TEMPORARY, ignore_errors=True)
    make()


def remove() -> None:
    shutil.rmtree(STATE, ignore_errors=True)


def forget_gateways() -> None:
    """Remove what was requested, signed and handed over for gateways that are no more: their keys went with them."""
    shutil.rmtree(REMOTE_ACCESS, ignore_errors=True)


def remove_cache() -> None:
    """Remove the base file systems, what an interrupted build left of one, and their folder unless others use it."""
    folder = cache_directory()
    for tarball in folder.glob("*.tar"):
        tarball.unlink()
    for path in (folder, folder.parent):
        with suppress(OSError):
            path.rmdir()


@contextmanager
def locked(what: str = "lab") -> Iterator[None]:
    """Only one command at a time may change the lab (``what`` lab), and only one demo may play on it (demo), whichever
    working copy it is of. Raises LabError when another one holds the lock.
    """
    make()
    MACHINE.mkdir(mode=0o755, exist_ok=True)
    path = MACHINE / f"{what}.lock"
    with open(path, "a+", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            whose = handle.read().strip() or "this machine"
            raise LabError(
                f"another {'demo' if what == 'demo' else 'lab command'} is at work, of {whose}. Wait until it has "
                "finished, or stop it (Ctrl-C where it runs), then try again"
            ) from None
        handle.truncate(0)
        handle.write(f"{REPOSITORY}\n")
        handle.flush()
        yield


def orthanc_password() -> str:
    """The password of Orthanc's REST interface, made at the first call."""
    if not PASSWORD.exists():
        make()
        PASSWORD.touch(mode=0o600)
        PASSWORD.write_text(secrets.token_urlsafe(18), encoding="utf-8")
    return PASSWORD.read_text(encoding="utf-8")


def make_keys(topology: Topology) -> None:
    """Make what is missing of root's key pair and the nodes' host keys, and the known_hosts that ssh checks."""
    SSH.mkdir(mode=0o700, exist_ok=True)
    _keygen(IDENTITY, "pacs-lab")
    lines = []
    for node in topology.nodes.values():
        key = host_key(node.name)
        _keygen(key, f"root@{node.name}")
        addresses = [str(leg.address(family)) for leg in node.legs for family in (4, 6)]
        public = key.with_suffix(".pub").read_text(encoding="utf-8").split()
        lines.append(f"{','.join(addresses)} {public[0]} {public[1]}\n")
    KNOWN_HOSTS.write_text("".join(lines), encoding="utf-8")


def host_key(node: str) -> Path:
    """The private host key of a node; its public half stands beside it with the suffix .pub."""
    return SSH / f"host_{node}"


def _keygen(path: Path, comment: str) -> None:
    if path.exists():
        return
    if not shutil.which("ssh-keygen"):
        raise LabError("ssh-keygen is missing: apt-get install openssh-client")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)], check=True)
