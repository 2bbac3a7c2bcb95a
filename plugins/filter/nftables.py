# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter pacs.hardening.nftables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.pacs.hardening.plugins.plugin_utils._faces import filter_face, plain
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.base_chains import MODES
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.fallback import render_fallback
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.document import from_document
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.model import EnforcementPolicy

#: What a policy can be rendered as: the modes of a ruleset, and the coarse one for an emergency.
_RENDERED: Mapping[str, Callable[[EnforcementPolicy], str]] = {
    **{mode: partial(render, mode=mode) for mode in MODES},
    "fallback": render_fallback,
}


@filter_face
def nftables(value: object, mode: object = "enforce") -> str | dict[str, str]:
    """Render one policy, or each of a mapping of policies."""
    rendered = _RENDERED.get(str(mode))
    if rendered is None:
        raise AnsibleFilterError(f"pacs.hardening.nftables: mode must be {_listed(_RENDERED)}, not '{mode}'")
    if isinstance(value, Mapping) and "format" not in value and value:
        return {str(name): rendered(from_document(plain(item))) for name, item in value.items()}
    return rendered(from_document(plain(value)))


def _listed(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}"


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions."""
        return {"nftables": nftables}
