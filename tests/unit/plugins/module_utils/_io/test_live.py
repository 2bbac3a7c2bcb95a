"""A listing that isn't as expected is read again before it is believed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._io import live
from ansible_collections.pacs.hardening.plugins.module_utils._io.nft import Nft
from ansible_collections.pacs.hardening.plugins.module_utils._nft.canonical import canonical
from ansible_collections.pacs.hardening.plugins.module_utils._nft.plan import canonical_digest

TABLE = "inet pacs"


def listing(*elements: str) -> str:
    named = {"family": "inet", "table": "pacs", "name": "flows", "type": "ipv4_addr", "handle": 4, "elem": elements}
    table = {"family": "inet", "name": "pacs", "handle": 1}
    return json.dumps({"nftables": [{"metainfo": {"json_schema_version": 1}}, {"table": table}, {"set": named}]})


WHOLE, WITH_A_GAP = listing("10.0.0.1", "10.0.0.2"), listing("10.0.0.1")
EXPECTED = canonical_digest(canonical(WHOLE))


def program(folder: Path, *listings: str) -> Nft:
    """An nft that gives one listing after another, and the last one from then on."""
    for number, text in enumerate(listings):
        (folder / f"{number}.json").write_text(text)
    script = folder / "nft"
    script.write_text(
        f"#!/bin/sh\ncd {folder}\nn=$(cat calls 2>/dev/null || echo 0)\necho $((n + 1)) > calls\n"
        f"[ $n -lt {len(listings)} ] || n={len(listings) - 1}\ncat $n.json\n"
    )
    script.chmod(0o755)
    return Nft(str(script))


def test_a_set_that_is_just_growing_is_read_again(tmp_path: Path) -> None:
    nft = program(tmp_path, WITH_A_GAP, WITH_A_GAP, WHOLE)
    assert live.settled_canonical(nft, TABLE, EXPECTED) == canonical(WHOLE)


def test_what_is_as_expected_is_read_once(tmp_path: Path) -> None:
    live.settled_canonical(program(tmp_path, WHOLE), TABLE, EXPECTED)
    assert (tmp_path / "calls").read_text().strip() == "1"


def test_what_stays_different_is_different(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_SETTLING", 0.5)
    nft = program(tmp_path, WITH_A_GAP)
    assert live.settled_canonical(nft, TABLE, EXPECTED) == canonical(WITH_A_GAP)
    assert int((tmp_path / "calls").read_text()) > 2
