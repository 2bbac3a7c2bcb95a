"""What every test run shares: the collection's import path and hypothesis's profile.

Plugins import each other as ``ansible_collections.pacs.hardening.plugins...``. The checkout may lie anywhere, so the
tests reach it through a symbolic link of that name in ``.cache/collections``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

PROJECT = Path(__file__).resolve().parents[1]
COLLECTIONS = PROJECT / ".cache" / "collections"


def _link_collection() -> None:
    """Make the link that scripts/lib/collection.sh makes too; two test runs may start at once."""
    link = COLLECTIONS / "ansible_collections" / "pacs" / "hardening"
    if link.is_symlink() and link.resolve() == PROJECT:
        return
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f"hardening.{os.getpid()}")
    fresh.symlink_to(os.path.relpath(PROJECT, link.parent))
    fresh.replace(link)


_link_collection()
sys.path.insert(0, str(COLLECTIONS))
os.environ.setdefault("ANSIBLE_COLLECTIONS_PATH", str(COLLECTIONS))
# Facts are read from ansible_facts only; ansible-core stops injecting them as variables.
os.environ.setdefault("ANSIBLE_INJECT_FACT_VARS", "false")

# ci: the same examples on every run, bounded, so that a red run is red again. deep: for scripts/test --soak.
_BASE = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", _BASE, max_examples=100, derandomize=True)
settings.register_profile("deep", _BASE, max_examples=5000)
settings.load_profile(os.environ.get("PACS_HYPOTHESIS_PROFILE", "ci"))
