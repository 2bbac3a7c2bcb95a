# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pacs.hardening.verify_ruleset."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import filter_face, plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.listing import ListingError
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.verify import verification_document, verify
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.document import from_document


@filter_face
def verify_ruleset(listing: object, policy: object) -> dict[str, Any]:
    """Judge the rules of a host by the policy of its firewall."""
    read = plain(listing)
    try:
        return verification_document(verify(read if isinstance(read, Mapping) else {}, from_document(plain(policy))))
    except ListingError as error:
        raise AnsibleFilterError(f"pacs.hardening.verify_ruleset: {error}") from error


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"verify_ruleset": verify_ruleset}
