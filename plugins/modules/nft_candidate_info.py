#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nft_candidate_info
short_description: Read what a host's ruleset would be with one table replaced
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Loads the text of a table with the host's own C(nft) in a private network namespace, reads it back, and returns it
    together with the tables of everybody else that are in force on the host.
  - This is what P(pacs.hardening.verify_ruleset#filter) judges before anything is applied.
options:
  table:
    description: The table that would be replaced, as family and name.
    type: str
    choices: [inet pacs, inet pacs_observe, inet pacs_vpn_guard, bridge pacs]
    default: inet pacs
  ruleset:
    description: Text of the table, as for M(pacs.hardening.nft_ruleset).
    type: str
    required: true
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
  idempotent:
    support: full
requirements:
  - nftables 1.0.6 or later on the managed host
seealso:
  - module: pacs.hardening.nft_ruleset
"""

EXAMPLES = r"""
- name: Read what would be in force
  pacs.hardening.nft_candidate_info:
    ruleset: "{{ policy | pacs.hardening.nftables }}"
  register: candidate

- name: Prove it against the declared site
  ansible.builtin.assert:
    that: (candidate.listing | pacs.hardening.verify_ruleset(policy)).verdict == 'proven'
  when: candidate.listing is not none
"""

RETURN = r"""
listing:
  description:
    - What C(nft -j list ruleset) would print on the host. C(null) where it can't be known.
  returned: success
  type: dict
unavailable:
  description: Why RV(listing) can't be known, else empty.
  returned: success
  type: str
  sample: nft isn't installed on this host
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.nft import Nft, is_root
from ansible_collections.pacs.hardening.plugins.module_utils._nft.arguments import TABLES
from ansible_collections.pacs.hardening.plugins.module_utils._nft.candidate import with_table_replaced
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.text import check_ruleset


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "table": {"type": "str", "choices": list(TABLES), "default": "inet pacs"},
            "ruleset": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    try:
        listing, unavailable = read_candidate(module.params["table"], module.params["ruleset"])
    except HardeningError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, listing=listing, unavailable=unavailable)


def read_candidate(table: str, ruleset: str) -> tuple[dict[str, Any] | None, str]:
    """(the host's ruleset with the table replaced, "") or (None, why it can't be known). Raises HardeningError."""
    check_ruleset(ruleset, table)
    nft = Nft.find()
    if nft is None:
        return None, "nft isn't installed on this host"
    if not is_root():
        raise HardeningError("only root can read the firewall's rules; run this task with `become: true`")
    evaluated = nft.evaluate(ruleset, table)
    if evaluated is None:
        return None, "this host denies private network namespaces"
    return with_table_replaced(nft.ruleset(), table, evaluated[0]), ""


if __name__ == "__main__":
    main()
