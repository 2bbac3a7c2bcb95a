"""Site documents for tests: a fresh copy each time, so that a test may break its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[1]


def example_site() -> dict[str, Any]:
    """The smallest site that shows every part of the model."""
    return _read(PROJECT / "tests" / "fixtures" / "example_hospital.yml")


def lab_site() -> dict[str, Any]:
    """The site of the lab, as its inventory declares it."""
    site: dict[str, Any] = _read(PROJECT / "inventories" / "lab" / "group_vars" / "all" / "site.yml")["pacs_site"]
    return site


def lab_remote_site() -> dict[str, Any]:
    """The site of the lab with its gateways, as the inventories lab and lab_remote declare it together."""
    more = _read(PROJECT / "inventories" / "lab_remote" / "group_vars" / "all" / "site.yml")["lab_remote_access"]
    site: dict[str, Any] = _merged(lab_site(), more)
    return site


def remote_site() -> dict[str, Any]:
    """The lab's site with everything that the model knows of remote access; nothing runs it."""
    site, more = lab_site(), _read(PROJECT / "tests" / "fixtures" / "remote_access.yml")
    for kind in ("zones", "devices"):
        site[kind].update(more[kind])
    site["conduits"] = [*site.get("conduits", []), *more["conduits"]]
    site["firewalls"]["edge"]["interfaces"].update(more["interfaces"])
    return {**site, "remote_access": more["remote_access"]}


def _merged(one: Any, other: Any) -> Any:
    """As Ansible's filter combine does it, recursively and with lists appended."""
    if isinstance(one, dict) and isinstance(other, dict):
        both = {key: _merged(one[key], other[key]) for key in one.keys() & other.keys()}
        return {**one, **other, **both}
    if isinstance(one, list) and isinstance(other, list):
        return [*one, *other]
    return other


def _read(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document
