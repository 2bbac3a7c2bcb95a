"""The product's crypto profiles, as its filters read them."""

from __future__ import annotations

from pathlib import Path

import yaml
from sites import PROJECT

from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.profile import Profile, load_profiles

FOLDER: Path = PROJECT / "plugins" / "plugin_utils" / "_vpn" / "profiles"


def profiles() -> dict[str, Profile]:
    """Every profile by its name."""
    documents = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yml"))}
    return load_profiles(documents)
