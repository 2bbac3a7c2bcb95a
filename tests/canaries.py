"""A patient's name and a password, and the search for what must never be said."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

PATIENT = "CANARY^PATIENT"
PASSWORD = "c4n4ry-pw"


def spoken(*documents: object) -> list[str]:
    """The canaries that the documents hold (texts, or anything that JSON can say): raw, in base64 at any offset, in
    hexadecimal, or URL-encoded.
    """
    text = "\n".join(
        part for document in documents for part in (json.dumps(document), json.dumps(document, ensure_ascii=False))
    ).lower()
    return [canary for canary in (PATIENT, PASSWORD) if any(form.lower() in text for form in _forms(canary))]


def _forms(canary: str) -> set[str]:
    raw = canary.encode()
    forms = {canary, quote(canary), quote_plus(canary), quote(canary, safe="^"), raw.hex()}
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + raw).decode()
        # The characters at both ends hold bits of the neighbours, too.
        forms.add(encoded[-(-offset * 8 // 6) : len(encoded) // 4 * 4 - 4])
    return forms
