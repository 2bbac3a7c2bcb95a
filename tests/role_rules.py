"""What every role must have, as functions from a roles directory to sentences about what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

NEEDED = ("README.md", "meta/main.yml", "meta/argument_specs.yml", "defaults/main.yml", "tasks/main.yml")


def role_faults(roles: Path) -> list[str]:
    """Missing files, and defaults that differ from the argument spec, of every role."""
    faults = []
    for role in sorted(path for path in roles.iterdir() if path.is_dir()):
        missing = [name for name in NEEDED if not (role / name).is_file()]
        faults += [f"roles/{role.name}: {name} is missing" for name in missing]
        if not missing:
            faults += [f"roles/{role.name}: {fault}" for fault in _defaults_faults(role)]
    return faults


def _defaults_faults(role: Path) -> list[str]:
    """The spec documents each default, the defaults file sets each: they must be the same."""
    defaults = _load(role / "defaults" / "main.yml")
    specs = _load(role / "meta" / "argument_specs.yml").get("argument_specs", {})
    options: dict[str, dict[str, Any]] = {}
    for entry in specs.values():
        options |= entry.get("options", {})
    optional = {name for name, option in options.items() if not option.get("required")}
    faults = [
        f"defaults/main.yml sets {name}, which argument_specs.yml doesn't have"
        for name in sorted(defaults.keys() - options)
    ]
    faults += [
        f"argument_specs.yml has {name}, which defaults/main.yml doesn't set"
        for name in sorted(optional - defaults.keys())
    ]
    for name in sorted(defaults.keys() & options.keys()):
        if not name.startswith(f"{role.name}_"):
            faults.append(f"{name} must start with {role.name}_")
        if "default" not in options[name] or options[name]["default"] != defaults[name]:
            faults.append(f"{name} is {defaults[name]!r} by default; argument_specs.yml must say the same")
    return faults


def _load(path: Path) -> dict[str, Any]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document if isinstance(document, dict) else {}
