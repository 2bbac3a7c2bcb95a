"""Vendor profiles that tests share."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.load import load_profiles
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.model import Profile

TODAY = date(2026, 11, 27)
SHIPPED = Path(__file__).resolve().parents[1] / "plugins" / "plugin_utils" / "_antivirus" / "profiles"


def shipped() -> dict[str, Any]:
    """The documents that the collection ships, by file name."""
    return {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(SHIPPED.glob("*.yml"))}


def confirmation(**changes: Any) -> dict[str, Any]:
    """Who confirmed, who owns, and until when."""
    return {
        "owner": "PACS administration",
        "confirmed_by": "Anna Example, ticket 4711",
        "confirmed_on": "2026-11-02",
        "expires_on": "2027-10-31",
        **changes,
    }


def profile(**changes: Any) -> dict[str, Any]:
    """A whole profile of the site's own."""
    return {
        "vendor": "Example Imaging",
        "product": "Example Archive",
        "versions": "5.10 to 5.14",
        "reference": {"title": "Security white paper", "number": "EI-4711", "edition": "3"},
        "paths": [
            {
                "path": "/srv/archive/images",
                "contains": "store",
                "reason": "images are opened again when they are read",
                "compensating_controls": ["noexec_mount"],
            }
        ],
        **confirmation(),
        **changes,
    }


def loaded(own: object = None, today: date = TODAY) -> dict[str, Profile]:
    """The shipped templates and profiles of the site's own."""
    return load_profiles(shipped(), own, today)
