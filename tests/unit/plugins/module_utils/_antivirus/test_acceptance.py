"""When a scanner is accepted, and what is kept of that."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.acceptance import (
    SCHEMA,
    faults_of,
    parse_record,
    place_document,
)

STORE = "/srv/images"


def one(read: float = 1000.0, images: float | None = 500.0, refused: int = 0) -> dict[str, Any]:
    return {"write": 100.0, "open": 9000.0, "read": read, "images": images, "refused": refused}


def test_of_each_rate_the_best_round_counts() -> None:
    place = place_document(STORE, [one(100), one(1000)], [one(950), one(12)])
    assert place["without"]["read"] == 1000
    assert place["ratios"] == {"write": 1, "open": 1, "read": 0.95, "images": 1}
    assert faults_of([place], 0.8) == []


def test_too_slow_and_refused_are_said() -> None:
    place = place_document(STORE, [one()], [one(read=12.3, refused=2)])
    assert faults_of([place], 0.8) == [
        "2 images in /srv/images can't be opened under it.",
        "/srv/images: read is 0.0123 of what it is without it, and 0.8 was declared.",
    ]
    assert len(faults_of([place], 0.01)) == 1, "a refused image is a fault at any limit"


def test_a_store_with_too_few_images_is_judged_by_the_other_rates() -> None:
    place = place_document(STORE, [one(images=None)], [one(images=None)])
    assert set(place["ratios"]) == {"write", "open", "read"}


def test_images_that_were_refused_before_are_not_its_fault() -> None:
    assert place_document(STORE, [one(refused=3)], [one()])["refused"] == 0


def test_what_was_kept_is_read_and_nothing_else() -> None:
    kept = {"schema": SCHEMA, "accepted": True}
    assert parse_record(json.dumps(kept)) == kept
    for text in (None, "", "[]", "{", '{"schema": "another"}', "[" * 100000):
        assert parse_record(text) is None
