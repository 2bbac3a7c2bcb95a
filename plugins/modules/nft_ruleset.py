#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nft_ruleset
short_description: Apply one nftables table so that a mistake undoes itself
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Puts the text of one nftables table in force, in one transaction, and leaves every other table alone.
  - Before anything is changed, the host's own C(nft) loads the text in a private network namespace and checks it
    against the real ruleset,
    and the present table is proven to be restorable.
  - A host-owned systemd timer is armed before the change. Unless the change is confirmed within O(confirm_timeout)
    over a B(new) connection
    from the controller, the host restores the previous table by itself; it needs neither Ansible nor Python nor a
    network for that. The same happens after a crash of this module, a lost connection or a restart of the host.
  - The last confirmed table is loaded at boot by C(pacs-firewall.service), which this module installs together with
    the host tool
    C(/usr/local/sbin/pacs-firewall), and with a drop-in for C(nftables.service) so that starting, reloading or
    stopping that service, which flushes all tables, leaves this collection's tables in force.
options:
  table:
    description: The table to write, as family and name. These are the tables that this collection owns.
    type: str
    choices: [inet pacs, inet pacs_observe, inet pacs_vpn_guard, bridge pacs]
    default: inet pacs
  ruleset:
    description:
      - Text of the table, C(table FAMILY NAME { ... }), and nothing else. Comments are fine.
      - Statements that reach outside the table (C(flush), C(delete), C(include), C(define), another table) are refused.
      - Required if O(state=present).
    type: str
  fallback:
    description:
      - Text of a smaller table of the same name, for a boot at which neither the last confirmed ruleset nor an older
        one loads. Plain rules only, so that it loads where the other doesn't.
      - It must forward nothing by default; one without a chain at hook forward with policy drop is refused.
      - It is stored with the change, and doesn't touch the rules in force. Left out, the stored one stays.
    type: str
  state:
    description: Whether the table shall be there.
    type: str
    choices: [present, absent]
    default: present
  confirm_timeout:
    description:
      - Seconds until the host restores the previous table, unless the change is confirmed. The O(warm_up) comes on top.
      - V(0) gives up this safety; the module warns.
    type: int
    default: 60
  confirm:
    description:
      - V(new_connection) has the task confirm the change over a new connection. An old one proves nothing, as it
        passes as established.
      - V(later) leaves the switch armed. A later task must confirm with M(pacs.hardening.nft_change), else the host
        rolls back.
    type: str
    choices: [new_connection, later]
    default: new_connection
  warm_up:
    description:
      - Seconds for which a table that permits everything, but tracks connections, is in force before the very first
        policy of a host that
        tracked none; otherwise running connections would be unknown to it and be cut.
      - Used only where the table is absent, the host tracks no connection, and the ruleset has a chain that drops by
        policy.
    type: int
    default: 5
  keep:
    description: How many confirmed changes of this table are kept on the host; the boot unit falls back to older ones.
    type: int
    default: 10
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
    details:
      - The ruleset is loaded and checked on the host in check mode, too. Where C(nft) isn't installed,
        RV(nft_missing) is true.
  diff_mode:
    support: full
  idempotent:
    support: full
requirements:
  - nftables 1.0.6 or later on the managed host
  - systemd on the managed host, unless O(confirm_timeout=0)
notes:
  - Only one change can be pending on a host. A second one is refused until the first is confirmed or rolled back.
  - A connection plugin that bypasses the network (V(local), containers) proves nothing about the rules; the task warns.
  - The journal is in C(/var/lib/pacs-hardening/nft); a change is in one of its folders V(pending), V(confirmed) and
    V(rolled_back).
seealso:
  - module: pacs.hardening.nft_change
"""

EXAMPLES = r"""
- name: Let the reading room reach the archive, and nothing else
  pacs.hardening.nft_ruleset:
    ruleset: |
      table inet pacs {
        chain forward {
          type filter hook forward priority filter; policy drop;
          ct state vmap { established : accept, related : accept, invalid : drop }
          ip saddr 198.51.100.0/24 ip daddr 203.0.113.10 tcp dport 11112 accept
        }
      }

- name: Apply now, confirm after tests of one's own
  pacs.hardening.nft_ruleset:
    ruleset: "{{ lookup('ansible.builtin.file', 'core.nft') }}"
    confirm_timeout: 300
    confirm: later
  register: change

- name: Confirm
  pacs.hardening.nft_change:
    change_id: "{{ change.change_id }}"
    state: confirmed
  when: change.change_id is defined
"""

RETURN = r"""
change_id:
  description: Id of the change that was made. Absent if there was none.
  returned: when the table was replaced
  type: str
  sample: 00000012-1a2b3c4d
deadline:
  description: When the host restores the previous table unless the change is confirmed, in UTC. For people; the host
    counts on a clock of its own.
  returned: when a change was made and O(confirm_timeout) is not 0
  type: str
  sample: "2026-11-23T18:04:31Z"
seconds_left:
  description: Seconds between the module's end and RV(deadline).
  returned: when a change was made and O(confirm_timeout) is not 0
  type: float
  sample: 59.2
differs:
  description:
    - What wasn't as requested, and in check mode isn't. V(rules) are those of the table, V(files) those that this
      collection keeps on the host.
  returned: success
  type: list
  elements: str
  sample: [rules, files]
confirmed:
  description: Whether the change is confirmed, so that it stays and is loaded at boot.
  returned: always
  type: bool
  sample: true
rolled_back:
  description: Whether the host has restored the previous table.
  returned: on failure
  type: bool
  sample: false
warm_up:
  description: Whether the warm-up stage was used.
  returned: always
  type: bool
  sample: false
nft_missing:
  description: Whether C(nft) isn't installed, so that the ruleset couldn't be checked. Only in check mode.
  returned: always
  type: bool
  sample: false
msg:
  description: What was done, in words; or what failed, what was put back, and what to do.
  returned: always
  type: str
  sample: table inet pacs is as requested
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.ruleset import apply_ruleset
from ansible_collections.pacs.hardening.plugins.module_utils._nft.arguments import (
    RULESET_ARGUMENTS,
    RULESET_REQUIRED_IF,
    out_of_bounds,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import ApplyFailed, HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import Layout
from ansible_collections.pacs.hardening.plugins.module_utils._nft.request import Request


def main() -> None:
    module = AnsibleModule(argument_spec=RULESET_ARGUMENTS, required_if=RULESET_REQUIRED_IF, supports_check_mode=True)
    params: dict[str, Any] = module.params
    fault = out_of_bounds(params)
    if fault:
        module.fail_json(msg=fault, rolled_back=False)
    request = Request(
        table=params["table"],
        ruleset=params["ruleset"] if params["state"] == "present" else None,
        confirm_timeout=params["confirm_timeout"],
        warm_up=params["warm_up"],
        keep=params["keep"],
        fallback=params["fallback"],
    )
    try:
        result = apply_ruleset(request, module.check_mode, Layout())
    except ApplyFailed as exc:
        module.fail_json(msg=str(exc), change_id=exc.change_id, rolled_back=exc.rolled_back)
    except HardeningError as exc:
        module.fail_json(msg=str(exc), rolled_back=False)
    for warning in result.warnings:
        module.warn(warning)
    if result.changed and not request.confirm_timeout:
        module.warn(
            "confirm_timeout is 0: NOTHING UNDOES A MISTAKE in these rules; if they lock you out, only the "
            "console helps"
        )
    module.exit_json(**result.returned())


if __name__ == "__main__":
    main()
