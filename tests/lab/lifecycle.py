"""Bring the lab up, take it down, make it anew, say how it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lab import engine, images, network, node_files, nodes, state
from lab.errors import LabError
from lab.topology import Node, Topology, topology

Progress = Callable[[str], None]
STARTERS = 3  # containers at a time; more don't start sooner on 2 cores


@dataclass(frozen=True)
class NodeStatus:
    """``state`` as podman says it (running, exited ...), or absent. ``current``: made from today's image and files."""

    name: str
    state: str
    current: bool
    ipv4: str
    ipv6: str


def up(progress: Progress, *, fresh: bool = False) -> list[str]:
    """Bring the whole lab up and wait until every node is ready. Idempotent; nodes whose image or files changed are made anew.

    ``fresh``: make all nodes anew. Returns the names of the nodes that were made. Raises LabError.
    """
    engine.check_host()
    lab = topology()
    with state.locked():
        network.check_overlap(lab)
        network.note_host()
        state.make_keys(lab)
        tags = images.ensure(lab, progress)
        network.create(lab)
        wanted = {name: _plan(lab, lab.node(name), tag) for name, tag in tags.items()}
        present = engine.inspect_containers(lab.prefix)
        made = [name for name, plan in wanted.items() if fresh or _fingerprint(present, lab.node(name)) != plan.fingerprint]
        _remove([lab.node(name).container for name in made if lab.node(name).container in present])
        if made:
            progress(f"creating {', '.join(made)} ...")
            for name in made:
                nodes.create(lab, lab.node(name), tags[name], wanted[name].files, wanted[name].fingerprint)
        stopped = [
            node for node in lab.nodes.values() if node.name in made or present[node.container]["State"] != "running"
        ]
        if stopped:
            progress(f"starting {len(stopped)} of {len(lab.nodes)} nodes ...")
            nodes.in_parallel(lambda node: engine.podman("start", node.container), stopped, STARTERS)
        nodes.wait_ready(lab.nodes.values())
        if network.host_addresses(lab):
            raise LabError(f"the host got lab addresses ({', '.join(network.host_addresses(lab))}): this podman makes gateways on internal networks")
        if made:
            images.remove_outdated(lab, progress)
    return made


def down(progress: Progress, *, with_images: bool = False, with_cache: bool = False) -> None:
    """Remove nodes, networks, routes and keys, and restore the host; also the images and the cached base file systems if asked."""
    engine.check_host()
    lab = topology()
    with state.locked():
        containers = list(engine.inspect_containers(lab.prefix))
        if containers:
            progress(f"removing {len(containers)} nodes ...")
            _remove(containers)
        network.remove(lab)
        if with_images:
            progress("removing the images ...")
            images.remove_all()
        if with_cache:
            for tarball in state.cache_directory().glob("*.tar"):
                tarball.unlink()
    state.remove()


def status() -> list[NodeStatus]:
    """How each node is. Changes nothing."""
    engine.check_host()
    lab = topology()
    present = engine.inspect_containers(lab.prefix)
    made = state.IDENTITY.exists()
    rows = []
    for node in lab.nodes.values():
        found = present.get(node.container)
        current = made and _fingerprint(present, node) == _plan(lab, node, images.image(node.kind, node.debian).tag).fingerprint
        rows.append(NodeStatus(node.name, found["State"] if found else "absent", current, node.address(4), node.address(6)))
    return rows


@dataclass(frozen=True)
class _Plan:
    files: bytes
    fingerprint: str


def _plan(lab: Topology, node: Node, image: str) -> _Plan:
    files = node_files.archive(lab, node)
    return _Plan(files, node_files.fingerprint(image, files, repr(node)))


def _fingerprint(present: dict[str, dict[str, object]], node: Node) -> str | None:
    row = present.get(node.container)
    labels = row.get("Labels") if row else None
    return labels.get(nodes.FINGERPRINT_LABEL) if isinstance(labels, dict) else None


def _remove(containers: list[str]) -> None:
    if containers:
        engine.podman("rm", "--force", "--time", "0", *containers, timeout=120)
