"""Listings of rulesets by the real nft, from a network namespace of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

needs_nft = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("nft") is None, reason="needs root and nft (package nftables)"
)


def listed(ruleset: str) -> dict[str, Any]:
    """Load a ruleset where it harms nobody, and return what ``nft -j list ruleset`` says of it."""
    command = ["unshare", "--net", "sh", "-c", "nft -f - && nft -j list ruleset"]
    done = subprocess.run(command, input=ruleset, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    listing: dict[str, Any] = json.loads(done.stdout)
    return listing
