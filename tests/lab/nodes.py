"""Work on the lab's nodes through podman: create, start, restart, wait, run a command, put and get files."""

from __future__ import annotations

import io
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import TypeVar

from lab import state
from lab.engine import environment, last_words, podman
from lab.errors import LabError
from lab.topology import Node, Topology, topology

FINGERPRINT_LABEL = "pacs.lab.fingerprint"
CHECKOUT_LABEL = "pacs.lab.checkout"  # the working copy whose lab it is
READY_SECONDS = 60.0
_TUN = "/dev/net/tun"
# What systemd, nft, sshd and a scanner need, and no more: no --privileged, no cgroup mounts, no host devices but one.
CAPABILITIES = ("NET_ADMIN", "NET_RAW", "SYS_ADMIN", "SYS_CHROOT", "AUDIT_WRITE", "SYS_PTRACE", "DAC_READ_SEARCH")

Item = TypeVar("Item")
Result = TypeVar("Result")


def run(
    node: str | Node,
    argv: Sequence[str],
    *,
    input: str | bytes | None = None,
    timeout: float = 60,
    check: bool = False,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command as root in a node, without a shell. ``timeout`` in seconds.

    Raises LabError when it takes too long and, with ``check``, when it exits with another status than 0.
    """
    container = _node(node).container
    interactive = ["--interactive"] if input is not None else []
    variables = [f"--env={key}={value}" for key, value in (env or {}).items()]
    data = input.encode() if isinstance(input, str) else input
    done = podman("exec", *interactive, *variables, container, *argv, input=data, timeout=timeout, check=False)
    if check and done.returncode != 0:
        raise LabError(f"{_node(node).name}: {' '.join(argv)} failed ({done.returncode}): {last_words(done)}")
    return subprocess.CompletedProcess(
        list(argv), done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )


def guest(
    node: str | Node, program: str, *arguments: str, input: str | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run one of the lab's own programs (tests/lab/guest) in a node, with pydicom and pynetdicom at hand. Never raises
    for its status.
    """
    argv = ["/usr/bin/python3", f"/usr/local/lib/lab/{program}.py", *arguments]
    return run(node, argv, input=input, timeout=timeout, env={"PYTHONPATH": "/opt/lab-dicom"})


def popen(node: str | Node, argv: Sequence[str]) -> subprocess.Popen[str]:
    """Start a command in a node and return at once, its standard streams as text pipes. The caller ends it."""
    pipe = subprocess.PIPE
    command = ["podman", "exec", "--interactive", _node(node).container, *argv]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment())


def write_file(node: str | Node, path: str, content: str | bytes, mode: int = 0o644) -> None:
    """Write a file, owned by root, into a running or stopped node. Its folder must exist. Not for tmpfs (/tmp, /run)
    of a stopped one.
    """
    data = content.encode() if isinstance(content, str) else content
    target = PurePosixPath(path)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        header = tarfile.TarInfo(target.name)
        header.size, header.mode, header.mtime = len(data), mode, int(time.time())
        tar.addfile(header, io.BytesIO(data))
    podman("cp", "-", f"{_node(node).container}:{target.parent}", input=buffer.getvalue())


def read_file(node: str | Node, path: str) -> str | None:
    """A text file of a running node, or None where there is none."""
    done = run(node, ["/bin/cat", path])
    return done.stdout if done.returncode == 0 else None


def restart(node: str | Node, *, wait: bool = True) -> None:
    """Restart a node's container in order (systemd stops, then starts again); with ``wait``, until it is ready."""
    found = _node(node)
    podman("restart", "--time", "20", found.container, timeout=90)
    if wait:
        wait_ready([found])


def kill(node: str | Node) -> None:
    """Stop a node at once, as a power cut would. `start` brings it back."""
    podman("kill", "--signal", "KILL", _node(node).container)
    podman("wait", _node(node).container, timeout=30)


def start(node: str | Node, *, wait: bool = True) -> None:
    """Start a stopped node; with ``wait``, until it is ready."""
    found = _node(node)
    podman("start", found.container, timeout=60)
    if wait:
        wait_ready([found])


def is_running(node: str | Node) -> bool:
    done = podman("inspect", "--format", "{{.State.Running}}", _node(node).container, check=False)
    return done.stdout.decode().strip() == "true"


def create(lab: Topology, node: Node, image: str, files: bytes, fingerprint: str) -> None:
    """Create a node's container with its networks and files, not started."""
    forwarding = int(node.forwarding)
    # Set in both families and for later interfaces too: a new namespace inherits ip_forward from the host.
    sysctls = {
        "net.ipv4.ip_forward": forwarding,
        "net.ipv6.conf.all.forwarding": forwarding,
        "net.ipv6.conf.default.forwarding": forwarding,
    }
    networks = [
        f"{lab.network_name(leg.segment.name)}:ip={leg.ipv4},ip6={leg.ipv6},mac={leg.mac},interface_name={leg.interface}"
        for leg in node.legs
    ]
    podman(
        "create", "--pull=never", "--systemd=always", f"--name={node.container}", f"--hostname={node.name}",
        f"--label={FINGERPRINT_LABEL}={fingerprint}", f"--label={CHECKOUT_LABEL}={state.REPOSITORY}",
        f"--cap-add={','.join(CAPABILITIES)}",
        # Both profiles forbid the mounts that systemd and lab-proc-sys-net.service make.
        "--security-opt=label=disable", "--security-opt=apparmor=unconfined",
        "--no-hosts", "--dns=none",
        # For the tunnels of a VPN: the one device of the host that a node sees.
        *([f"--device={_TUN}"] if node.kind in ("firewall", "outside") and Path(_TUN).exists() else []),
        *(f"--sysctl={key}={value}" for key, value in sysctls.items()),
        *(f"--network={network}" for network in networks),
        image,
    )  # fmt: skip
    try:
        podman("cp", "-", f"{node.container}:/", input=files)
    except BaseException:
        # Its label says that it is complete, so what isn't must not stay.
        podman("rm", "--force", node.container, check=False)
        raise


def wait_ready(wanted: Iterable[Node], seconds: float = READY_SECONDS) -> None:
    """Wait until systemd runs and every declared port listens, in both families.

    Raises LabError, with failed units and silent ports, after ``seconds`` or as soon as a unit has failed.
    """
    in_parallel(lambda node: _wait_one(node, time.monotonic() + seconds), list(wanted), 4)


def in_parallel(work: Callable[[Item], Result], items: Sequence[Item], at_a_time: int = 4) -> list[Result]:
    """The results of ``work`` for each item, in order. The first error is raised."""
    with ThreadPoolExecutor(at_a_time) as pool:
        return list(pool.map(work, items))


# Waits inside the node, because each podman exec costs more than the wait: until systemd has settled, then for each
# port in both families.
_WAIT = r"""
import subprocess, sys, time
end = time.monotonic() + float(sys.argv[1])
def systemctl(*arguments):
    return subprocess.run(["systemctl", *arguments], capture_output=True, text=True).stdout.strip()
def missing():
    found = set()
    for family, path in ((4, "/proc/net/tcp"), (6, "/proc/net/tcp6")):
        for line in open(path).readlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                found.add((family, int(fields[1].rpartition(":")[2], 16)))
    return {(family, int(port)) for port in sys.argv[2:] for family in (4, 6)} - found
while True:
    state = systemctl("is-system-running") or "not there"
    failed = systemctl("list-units", "--failed", "--plain", "--no-legend")
    silent = missing()
    if state == "running" and not silent:
        break
    if failed or time.monotonic() > end:
        ports = ", ".join(f"{port} (IPv{family})" for family, port in sorted(silent))
        sys.exit(f"systemd is {state}; failed units: {failed or 'none'}; ports without a listener: {ports or 'none'}")
    time.sleep(0.1)
"""


def _wait_one(node: Node, deadline: float) -> None:
    while True:
        left = deadline - time.monotonic()
        arguments = [f"{max(left, 1):.0f}", *map(str, node.ports)]
        done = run(node, ["/usr/bin/python3", "-c", _WAIT, *arguments], timeout=max(left, 1) + 20)
        if done.returncode == 0:
            return
        # 125-127: podman or the runtime could not enter yet; the container may still be on its way up.
        if done.returncode not in (125, 126, 127) or time.monotonic() > deadline:
            said = done.stderr.strip() or done.stdout.strip()
            raise LabError(f"{node.name} isn't ready: {said}\n`python -m lab reset {node.name}` makes it anew.")
        time.sleep(0.3)


def _node(node: str | Node) -> Node:
    return topology().node(node) if isinstance(node, str) else node
