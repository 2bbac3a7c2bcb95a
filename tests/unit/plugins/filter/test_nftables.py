"""The filter that renders policies: one or many, and in which mode."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from sites import lab_site

from ansible_collections.pacs.hardening.plugins.filter.nftables import FilterModule
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.fallback import render_fallback
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.document import to_document
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site

nftables = FilterModule().filters()["nftables"]
POLICIES = compile_site(lab_site()).policies
DOCUMENTS = {name: to_document(policy) for name, policy in POLICIES.items()}


def test_a_policy_is_enforced_unless_said_otherwise() -> None:
    assert nftables(DOCUMENTS["core"]) == nftables(DOCUMENTS["core"], mode="enforce") == render(POLICIES["core"])


def test_the_other_modes() -> None:
    assert nftables(DOCUMENTS["core"], mode="watch") == render(POLICIES["core"], "watch")
    assert nftables(DOCUMENTS["core"], mode="fallback") == render_fallback(POLICIES["core"])


def test_many_policies_in_one_mode() -> None:
    assert nftables(DOCUMENTS, "watch") == {name: render(policy, "watch") for name, policy in POLICIES.items()}


@pytest.mark.parametrize("mode", ["Enforce", "", None, True])
def test_a_mode_that_there_is_not(mode: object) -> None:
    with pytest.raises(AnsibleFilterError, match=f"mode must be enforce, watch or fallback, not '{mode}'"):
        nftables(DOCUMENTS["core"], mode=mode)
