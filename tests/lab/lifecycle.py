"""Bring the lab up, take it down, make it anew, say how it is."""

from __future__ import annotations

import inspect
import os
import shutil
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab import engine, images, network, node_files, nodes, probes, state
from lab.errors import LabError
from lab.topology import Node, Topology, topology

Progress = Callable[[str], None]
PATH_SECONDS = 20.0
STARTERS = 3  # containers at a time; more don't start sooner on 2 cores


@dataclass(frozen=True)
class NodeStatus:
    """``state`` as podman says it (running, exited ...), or absent. ``current``: made from today's image and files."""

    name: str
    state: str
    current: bool
    ipv4: str
    ipv6: str


def up(progress: Progress, *, fresh: Collection[str] = ()) -> list[str]:
    """Bring the whole lab up and wait until every node is ready. Idempotent; nodes whose image or files changed are
    made anew.

    ``fresh``: names of nodes to make anew in any case. Returns the names of the nodes that were made. Raises LabError.
    """
    engine.check_host()
    lab = topology()
    for name in fresh:
        lab.node(name)
    with state.locked():
        state.empty_temporary()
        _refuse_another(lab, progress)
        network.check_overlap(lab)
        network.note_host()
        state.make_keys(lab)
        tags = images.ensure(lab, progress)
        network.create(lab)
        made = _make_nodes(lab, tags, fresh, progress)
        if any(lab.node(name).kind == "firewall" for name in made):
            state.forget_gateways()
        nodes.wait_ready(lab.nodes.values())
        if addresses := network.host_addresses(lab):
            raise LabError(
                f"the host got lab addresses ({', '.join(addresses)}): this podman makes gateways on internal networks"
            )
        if len(made) == len(lab.nodes):
            _check_paths()
        if made:
            images.remove_outdated(lab, progress)
    return made


def down(progress: Progress, *, with_images: bool = False, with_cache: bool = False) -> bool:
    """Remove nodes, networks, routes and keys, and restore the host; also the images and the cached base file systems
    if asked.

    Returns False where the lab on this machine is another working copy's: it stays, with its images.
    """
    engine.check_root()
    lab = topology()
    with state.locked():
        if not shutil.which("podman"):  # then there is nothing but the notes
            state.remove()
            return True
        if other := another_checkout(lab):
            progress(f"the lab on this machine is of {other}: it stays. scripts/demo --down there removes it")
            state.remove()
            return False
        containers = list(engine.inspect_containers(lab.prefix))
        if containers:
            progress(f"removing {len(containers)} nodes ...")
            _remove(containers)
        network.remove(lab)
        if with_images:
            progress("removing the images ...")
            images.remove_all()
        if with_cache:
            state.remove_cache()
        state.remove()
    return True


def another_checkout(lab: Topology) -> Path | None:
    """The working copy whose lab is on this machine, if it is another one than this and still there."""
    for row in engine.inspect_containers(lab.prefix).values():
        owner = _label(row, nodes.CHECKOUT_LABEL)
        if owner and Path(owner) != state.REPOSITORY and (Path(owner) / "tests" / "lab").is_dir():
            return Path(owner)
    return None


def _refuse_another(lab: Topology, progress: Progress) -> None:
    other = another_checkout(lab)
    if other and os.environ.get("PACS_LAB_TAKE_OVER"):  # a CI runner: what an interrupted run left is nobody's
        progress(f"taking over the lab that {other} left")
        return
    if other:
        raise LabError(
            f"the lab of another working copy is on this machine, and there is room for one: {other}\n"
            f"To remove that one:  '{other}/scripts/demo' --down"
        )
    if gone := [
        owner
        for row in engine.inspect_containers(lab.prefix).values()
        if (owner := _label(row, nodes.CHECKOUT_LABEL)) and Path(owner) != state.REPOSITORY
    ]:
        progress(f"taking over the lab of a working copy that is gone ({gone[0]})")


def status() -> list[NodeStatus]:
    """How each node is. Changes nothing."""
    engine.check_host()
    lab = topology()
    present = engine.inspect_containers(lab.prefix)
    made = state.IDENTITY.exists()
    rows = []
    for node in lab.nodes.values():
        found = present.get(node.container)
        current = (
            made
            and _fingerprint(present, node) == _plan(lab, node, images.image(node.kind, node.debian).tag).fingerprint
        )
        rows.append(
            NodeStatus(node.name, found["State"] if found else "absent", current, node.address(4), node.address(6))
        )
    return rows


def _make_nodes(lab: Topology, tags: Mapping[str, str], fresh: Collection[str], progress: Progress) -> list[str]:
    """Make the nodes that are missing or outdated, and start those that don't run. Returns the names of those made."""
    wanted = {name: _plan(lab, lab.node(name), tag) for name, tag in tags.items()}
    present = engine.inspect_containers(lab.prefix)
    made = [
        name
        for name, plan in wanted.items()
        if name in fresh or _fingerprint(present, lab.node(name)) != plan.fingerprint
    ]
    _remove([lab.node(name).container for name in made if lab.node(name).container in present])
    if made:
        progress(f"creating {', '.join(made)} ...")
        for name in made:
            nodes.create(lab, lab.node(name), tags[name], wanted[name].files, wanted[name].fingerprint)
    idle = [node for node in lab.nodes.values() if node.name in made or present[node.container]["State"] != "running"]
    if idle:
        progress(f"starting {len(idle)} of {len(lab.nodes)} nodes ...")
        nodes.in_parallel(lambda node: engine.podman("start", node.container), idle, STARTERS)
    return made


def _check_paths() -> None:
    """With no policy anywhere, every probe must be open. Raises LabError naming those that aren't."""
    deadline = time.monotonic() + PATH_SECONDS
    closed = list(probes.matrix())
    while closed and time.monotonic() < deadline:
        closed = [result.probe for result in probes.run(closed) if not result.is_open]
    if closed:
        listing = "\n  ".join(str(probe) for probe in closed[:10])
        raise LabError(
            f"the nodes are ready, but {len(closed)} paths between them are closed:\n  {listing}\n"
            + (
                network.bridge_filter_hint()
                or "Try `reset`; if that doesn't help, look at `python -m lab exec NODE -- journalctl`."
            )
        )


@dataclass(frozen=True)
class _Plan:
    files: bytes
    fingerprint: str


def _plan(lab: Topology, node: Node, image: str) -> _Plan:
    files = node_files.archive(lab, node)
    return _Plan(files, node_files.fingerprint(image, files, repr(node), inspect.getsource(nodes.create)))


def _fingerprint(present: dict[str, dict[str, object]], node: Node) -> str | None:
    return _label(present.get(node.container), nodes.FINGERPRINT_LABEL)


def _label(row: Mapping[str, object] | None, name: str) -> str | None:
    labels = row.get("Labels") if row else None
    return labels.get(name) if isinstance(labels, dict) else None


def _remove(containers: list[str]) -> None:
    if containers:
        engine.podman("rm", "--force", "--time", "0", *containers, timeout=120)
