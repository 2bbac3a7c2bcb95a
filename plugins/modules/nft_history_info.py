#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nft_history_info
short_description: Read which rulesets a firewall had, and which one is in force
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Lists the changes of a table that the host's journal keeps, newest first, and tells which of them the kernel has in
    force.
  - Tells which of them a rollback returns to. The playbook C(pacs.hardening.rollback) does so.
options:
  table:
    description: The table, as family and name.
    type: str
    choices: [inet pacs, inet pacs_observe, inet pacs_vpn_guard, bridge pacs]
    default: inet pacs
  text:
    description: Whether the texts of the rulesets are returned, too.
    type: bool
    default: false
  change_id:
    description: The change that RV(target) shall be.
    type: str
  steps:
    description:
      - Without O(change_id), how many rulesets back RV(target) shall lie; V(1) is the one before the newest confirmed.
      - A ruleset that was confirmed several times counts once, where it was confirmed last.
    type: int
    default: 1
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
  idempotent:
    support: full
seealso:
  - module: pacs.hardening.nft_ruleset
  - module: pacs.hardening.nft_change
"""

EXAMPLES = r"""
- name: Read the last rulesets
  pacs.hardening.nft_history_info:
    text: true
  register: history

- name: Return to the one before, with the same safety as any change
  pacs.hardening.nft_ruleset:
    ruleset: "{{ history.target.ruleset }}"
  when: history.target.kind == 'present'
"""

RETURN = r"""
table:
  description: The table.
  returned: success
  type: str
  sample: inet pacs
in_force:
  description: Id of the change whose rules the kernel has now; V(null) if they are no change's, or if nft isn't
    installed.
  returned: success
  type: str
  sample: 00000012-1a2b3c4d
pending:
  description: Id of the change that waits for its confirmation, V(null) without one.
  returned: success
  type: str
changes:
  description: The changes, newest first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Id of the change.
      type: str
    state:
      description: V(pending), V(confirmed) or V(rolled_back).
      type: str
    created:
      description: When it was made, in UTC.
      type: str
    kind:
      description: V(present), or V(absent) where the change removed the table.
      type: str
    digest:
      description: SHA-256 of the ruleset's text.
      type: str
    in_force:
      description: Whether the kernel has its rules now.
      type: bool
    steps_back:
      description: How many rulesets back it lies, V(0) for the newest confirmed. V(null) for what isn't confirmed, and
        for earlier confirmations of a ruleset.
      type: int
    whole:
      description: Whether its text is undamaged. With O(text=true).
      type: bool
    ruleset:
      description: Its text, V(null) where it removed the table, or is damaged. With O(text=true).
      type: str
    fallback:
      description: The fallback that is stored with it, V(null) without one. With O(text=true).
      type: str
target:
  description: The change that a rollback returns to, with the fields of RV(changes); V(null) if there is none.
  returned: success
  type: dict
target_msg:
  description: What RV(target) is, or why there is none.
  returned: success
  type: str
  sample: going back to the rules of change 00000011-5e6f7a8b, made 2026-11-23T18:03:26Z, 1 back from the newest
openings:
  description: What was opened at the host's console with C(pacs-firewall open), oldest first.
  returned: success
  type: list
  elements: dict
  contains:
    at:
      description: When, in UTC.
      type: str
    what:
      description: V(opened), V(closed) or V(failed). An opening that isn't followed by V(closed) ended by itself.
      type: str
    until:
      description: When it ends by itself.
      type: str
    by:
      description: Who did it, and from which terminal.
      type: str
    reason:
      description: Why, in that person's words.
      type: str
notice:
  description: What the host said when it started with other rules than those confirmed last; empty while all is well.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.history import read_history
from ansible_collections.pacs.hardening.plugins.module_utils._nft.arguments import HISTORY_ARGUMENTS
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import Layout


def main() -> None:
    module = AnsibleModule(argument_spec=HISTORY_ARGUMENTS, supports_check_mode=True)
    params = module.params
    try:
        found = read_history(params["table"], params["text"], params["change_id"], params["steps"], Layout())
    except HardeningError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
