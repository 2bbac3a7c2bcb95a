#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nft_change
short_description: Confirm a pending change of a firewall's rules, undo it, or ask whether it still waits
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Confirms a change that M(pacs.hardening.nft_ruleset) left pending
    (O(pacs.hardening.nft_ruleset#module:confirm=later)), or rolls it back now.
  - One rename on the host decides. A confirmation after the deadline, after a restart of the host, or after something
    else changed the table, is
    refused; the task then fails and RV(rolled_back) is true.
  - The task drops the connection and confirms over a new one, because an old one passes the new rules as established
    and proves nothing. So does O(state=waiting).
options:
  change_id:
    description:
      - The change, as M(pacs.hardening.nft_ruleset) returned it. Required if O(state=confirmed) or O(state=waiting).
      - Without it, O(state=rolled_back) undoes whatever change is pending, and reports on the newest one if none is.
    type: str
  state:
    description:
      - What shall become of the change.
      - V(waiting) changes nothing. It fails unless the change could be confirmed now, so it proves that the host lets
        new connections in under the new rules, and tells in RV(seconds_left) how long tests may still take.
    type: str
    choices: [confirmed, rolled_back, waiting]
    required: true
  patience:
    description:
      - Seconds for which the task goes on trying to reach the host; each try makes a new connection.
      - V(0) tries once, and a host that can't be reached is unreachable. With more the task then fails, with the
        reason.
    type: int
    default: 0
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details:
      - The difference was shown when the change was applied.
  idempotent:
    support: full
seealso:
  - module: pacs.hardening.nft_ruleset
"""

EXAMPLES = r"""
- name: Keep the rules that were applied and tested
  pacs.hardening.nft_change:
    change_id: "{{ change.change_id }}"
    state: confirmed

- name: Prove that the host can be reached under the new rules, before it is tested and kept
  pacs.hardening.nft_change:
    change_id: "{{ change.change_id }}"
    state: waiting
  register: armed

- name: Don't wait for the deadline, go back now
  pacs.hardening.nft_change:
    state: rolled_back
"""

RETURN = r"""
change_id:
  description: Id of the change; null if this host knows none.
  returned: always
  type: str
  sample: 00000012-1a2b3c4d
table:
  description: The table that the change replaced; null if it isn't known.
  returned: always
  type: str
  sample: inet pacs
text_sha256:
  description: SHA-256 of the ruleset's text; null if it isn't known.
  returned: always
  type: str
  sample: b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c
confirmed:
  description: Whether the change is (in check mode, would be) confirmed.
  returned: always
  type: bool
  sample: true
rolled_back:
  description: Whether the change is (in check mode, would be) rolled back, and the rules from before it in force.
  returned: always
  type: bool
  sample: false
waiting:
  description: Whether the change waits for its confirmation, and could get it.
  returned: success
  type: bool
  sample: false
seconds_left:
  description: Seconds until the host undoes the change by itself.
  returned: when RV(waiting)
  type: float
  sample: 41.7
msg:
  description: What was done, in words; or why not.
  returned: always
  type: str
  sample: change 00000012-1a2b3c4d is confirmed
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.confirmation import settle_change
from ansible_collections.pacs.hardening.plugins.module_utils._nft.arguments import CHANGE_ARGUMENTS, CHANGE_REQUIRED_IF
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import ApplyFailed, HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import Layout


def main() -> None:
    module = AnsibleModule(argument_spec=CHANGE_ARGUMENTS, required_if=CHANGE_REQUIRED_IF, supports_check_mode=True)
    try:
        outcome = settle_change(module.params["change_id"], module.params["state"], module.check_mode, Layout())
    except ApplyFailed as exc:
        module.fail_json(
            msg=str(exc), change_id=exc.change_id, confirmed=not exc.rolled_back, rolled_back=exc.rolled_back
        )
    except HardeningError as exc:
        module.fail_json(msg=str(exc), confirmed=False, rolled_back=False)
    left = {} if outcome.seconds_left is None else {"seconds_left": outcome.seconds_left}
    module.exit_json(
        changed=outcome.changed,
        change_id=outcome.change_id,
        table=outcome.change.table if outcome.change else None,
        text_sha256=outcome.change.text_sha256 if outcome.change else None,
        confirmed=outcome.state == "confirmed",
        rolled_back=outcome.state == "rolled_back",
        waiting=outcome.state == "waiting",
        msg=outcome.msg,
        **left,
    )


if __name__ == "__main__":
    main()
