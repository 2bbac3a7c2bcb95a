"""What a node gets before its first start."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import node_files, state
from lab.topology import topology

LAB = topology()


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand-ins for the lab's keys and password, away from the working copy's own."""
    monkeypatch.setattr(state, "STATE", tmp_path)
    monkeypatch.setattr(state, "SSH", tmp_path)
    monkeypatch.setattr(state, "IDENTITY", tmp_path / "id_ed25519")
    monkeypatch.setattr(state, "PASSWORD", tmp_path / "password")
    for name in ["id_ed25519", *(f"host_{node}" for node in LAB.nodes)]:
        (tmp_path / name).write_text("private")
        (tmp_path / f"{name}.pub").write_text("ssh-ed25519 public")
    yield


def members(node: str) -> dict[str, tarfile.TarInfo]:
    archive = node_files.archive(LAB, LAB.node(node))
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {member.name: member for member in tar.getmembers()}


def test_the_archive_is_reproducible() -> None:
    assert node_files.archive(LAB, LAB.node("pacs1")) == node_files.archive(LAB, LAB.node("pacs1"))


def test_root_can_log_in_on_managed_nodes_only() -> None:
    with_key = {name for name in LAB.nodes if "root/.ssh/authorized_keys" in members(name)}
    assert with_key == {name for name, node in LAB.nodes.items() if node.managed}


def test_secrets_are_not_readable_by_all() -> None:
    files = members("pacs1")
    for path in ("etc/ssh/ssh_host_ed25519_key", "etc/orthanc/credentials.json", "root/.ssh/authorized_keys"):
        assert files[path].mode & 0o007 == 0, path


@pytest.mark.parametrize("node", LAB.nodes)
def test_every_enabled_unit_of_ours_is_there(node: str) -> None:
    files = members(node)
    for path, member in files.items():
        if ".wants/lab-" in path:
            assert member.linkname.lstrip("/") in files, f"{path} points to nothing"


def test_the_archive_holds_no_program_that_a_firewall_does_not_need() -> None:
    programs = {path for path in members("core") if path.startswith("usr/local/lib/lab/")}
    assert programs == {"usr/local/lib/lab/probe_runner.py"}
