"""An image's tag changes exactly when something that it is made from does."""

from __future__ import annotations

import pytest

from lab import images
from lab.errors import LabError
from lab.topology import topology

PACKAGES = {"node": {"install": ["systemd", "openssh-server"]}, "firewall": {"prefetch": ["nftables"]}}


def test_the_same_inputs_give_the_same_tag() -> None:
    assert images.image("firewall", "bookworm", PACKAGES).tag == images.image("firewall", "bookworm", PACKAGES).tag


@pytest.mark.parametrize(
    "packages",
    [
        {**PACKAGES, "firewall": {"prefetch": ["nftables", "conntrack"]}},
        {**PACKAGES, "firewall": {"install": ["nftables"]}},
        {**PACKAGES, "node": {"install": ["systemd"]}},
    ],
    ids=["another package", "installed instead of prefetched", "another parent"],
)
def test_other_packages_give_another_tag(packages: dict[str, dict[str, list[str]]]) -> None:
    assert images.image("firewall", "bookworm", packages).tag != images.image("firewall", "bookworm", PACKAGES).tag


def test_the_base_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    built = images.image("node", "trixie", PACKAGES)
    monkeypatch.setenv("PACS_LAB_IMAGE_TRIXIE", "registry.example/debian:trixie")
    pulled = images.image("node", "trixie", PACKAGES)
    assert pulled.parent == "registry.example/debian:trixie"
    assert pulled.tag != built.tag
    assert pulled.arguments == built.arguments, "one package list for both kinds of base"


def test_borders_between_parts_count() -> None:
    assert images.digest(["ab", "c"]) != images.digest(["a", "bc"])


def test_every_node_has_an_image_of_its_kind() -> None:
    for node in topology().nodes.values():
        assert images.image(node.kind, node.debian).tag.startswith(f"localhost/pacs-lab/{node.kind}:{node.debian}-")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(LabError, match="no kind 'printer'"):
        images.image("printer", "bookworm")
