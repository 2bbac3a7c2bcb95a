# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module antivirus_acceptance found on a host, as a vendor profile keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from .._site.reader import Reader, shown
from .model import Verification

_KEYS = ("host", "date", "accepted", "limit", "places")
_RATES = ("without", "with", "ratios")


def verification(reader: Reader, value: object, path: str, today: date) -> Verification | None:
    """One entry of ``verified_on_site``; what can't be read leaves a fault."""
    fields = reader.fields(value, path, _KEYS)
    # The module says the moment; the day is enough here.
    day = fields.one("date", lambda item, where: reader.day(str(item)[:10], where))
    if day is not None and day > today:
        fields.fault(f"{day} lies in the future", "Write what the module antivirus_acceptance returned.", "date")
    limit = fields.one("limit", lambda item, where: _number(reader, item, where))
    places = fields.each("places", lambda item, where: _place(reader, item, where))
    if day is None or limit is None:
        return None
    return Verification(fields.text("host"), day, fields.flag("accepted"), limit, places)


def verified_document(one: Verification) -> dict[str, Any]:
    """Plain data."""
    return {
        "host": one.host,
        "date": one.day.isoformat(),
        "accepted": one.accepted,
        "limit": one.limit,
        "places": [dict(place) for place in one.places],
    }


def _place(reader: Reader, value: object, path: str) -> Mapping[str, Any] | None:
    fields = reader.fields(value, path, ("directory", *_RATES), ("refused",))
    if not fields:
        return None
    rates = {name: fields.named(name, lambda _key, item, where: _number(reader, item, where)) for name in _RATES}
    refused = fields.one("refused", lambda item, where: _number(reader, item, where)) or 0
    return {"directory": fields.text("directory"), **rates, "refused": refused}


def _number(reader: Reader, value: object, path: str) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e9:
        reader.fault(path, f"{shown(value)} is not a number", "Write what the module antivirus_acceptance returned.")
        return None
    return value
