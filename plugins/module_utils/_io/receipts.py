# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the receipts of judged media: one for people and one for programs, for root alone. Private."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Mapping
from typing import Any

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.receipt import text
from ansible_collections.pacs.hardening.plugins.module_utils._io.files import (
    make_private_directory,
    sync_directory,
    write_new,
)

_NAMED_BY = 16  # hexadecimal digits of the digest


def short(digest: str) -> str:
    """How a medium is called in names of files."""
    return digest[:_NAMED_BY]


def kept_receipt(directory: str, digest: str, verdict: str) -> str | None:
    """The path of the newest receipt of a medium with this content and this verdict."""
    found = sorted(glob.glob(os.path.join(glob.escape(directory), f"*-{short(digest)}-{verdict}.json")))
    return found[-1] if found else None


def keep_receipt(directory: str, document: Mapping[str, Any]) -> str:
    """Write a receipt; the path of the one for programs. The one for people ends in C(.txt). Raises HardeningError."""
    make_private_directory(directory)
    moment = document["judged"].replace("-", "").replace(":", "")
    name = f"{moment}-{short(document['medium']['digest'])}-{document['verdict']}"
    base = os.path.join(directory, name)
    write_new(f"{base}.txt", text(document))
    write_new(f"{base}.json", json.dumps(document, indent=2) + "\n")
    sync_directory(directory)
    return f"{base}.json"
