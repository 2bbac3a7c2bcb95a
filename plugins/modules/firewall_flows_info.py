#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: firewall_flows_info
short_description: Read which connections a firewall has seen, declared and undeclared
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Reads what C(table inet pacs) counts and remembers on this host, and the connections that are open through it. It
    changes nothing.
  - While the table watches, an undeclared connection passes and is remembered; while it enforces, one is refused and
    is remembered just the same.
  - The host needs nothing but Python. Without nft, or without the table, the mode is V(none); a part that nobody could
    read is V(null), with the reason beside it.
  - Returns addresses, protocols, ports, counts and times, and the names of declared flows. Nothing of what was sent.
options:
  connections:
    description:
      - Whether to read which connections are open, too.
      - They are read with the tool C(conntrack) where it is installed, else from C(/proc/net/nf_conntrack).
    type: bool
    default: true
  timeout:
    description: Seconds after which a part is given up, from 0.1 to 60. All parts are read at the same time.
    type: float
    default: 10
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
  idempotent:
    support: full
notes:
  - Needs root for all but the host's own addresses.
  - A count is a number of attempts. A connection that is refused, or that nobody answers, is tried several times.
  - ICMP and other protocols without ports are counted only, see RV(counters).
seealso:
  - module: pacs.hardening.nft_ruleset
"""

EXAMPLES = r"""
- name: Read what the firewall has seen
  pacs.hardening.firewall_flows_info:
  become: true
  register: seen

- name: Show what would have been cut
  ansible.builtin.debug:
    msg: "{{ seen.undeclared }}"
  when: seen.mode == 'watch'
"""

RETURN = r"""
mode:
  description:
    - V(watch), undeclared connections pass; V(enforce), they are refused; V(none), nothing of this collection is in
      force here.
    - V(null) where nobody could look. Everything below is empty then.
  returned: success
  type: str
  sample: watch
mode_reason:
  description: Why the mode is V(none) or V(null).
  returned: success
  type: str
  sample: nft isn't installed
read_at:
  description: When the host was looked at, by its own clock, in UTC.
  returned: success
  type: str
  sample: '2026-11-27T09:30:00Z'
since:
  description:
    - When the rules came into force, by the host's clock, in UTC. The counters of declared flows start then; the
      memory of undeclared connections outlives a change.
  returned: success
  type: str
  sample: '2026-11-27T03:00:00Z'
since_reason:
  description: Why that isn't known.
  returned: success
  type: str
memory:
  description: Whether the rules in force remember undeclared connections. Rules of older versions don't.
  returned: success
  type: bool
undeclared:
  description: New connections that no flow declares, to the host itself too; the most frequent first.
  returned: success
  type: list
  elements: dict
  contains:
    source:
      description: Address that opened the connection.
      type: str
    destination:
      description: Address that it was opened to.
      type: str
    protocol:
      description: V(tcp) or V(udp).
      type: str
    port:
      description: Port of the destination.
      type: int
    count:
      description: How many attempts there were.
      type: int
    idle:
      description: Seconds since the last one.
      type: int
    declared:
      description:
        - Whether the rules in force declare it all the same. If it was seen since they are in force, it came or left by
          an interface where the site doesn't expect it.
        - V(null) where there are too many declared ranges to compare with.
      type: bool
  sample:
    - {source: 198.18.20.17, destination: 198.18.30.10, protocol: tcp, port: 104, count: 12, idle: 180, declared: false}
full:
  description: A memory holds as many connections as it can; newer ones are only counted, in RV(not_remembered).
  returned: success
  type: bool
not_remembered:
  description: How many attempts found no place in the memory.
  returned: success
  type: int
counters:
  description:
    - Packets by the names of the table's counters. C(undeclared_forward) and C(undeclared_input) count all undeclared
      attempts, those without ports too; C(opened_forward) those that passed through an opening.
  returned: success
  type: dict
  sample: {not_remembered: 0, opened_forward: 0, undeclared_forward: 12, undeclared_input: 0}
declared:
  description: Declared flows that were used since RV(since).
  returned: success
  type: list
  elements: dict
  contains:
    set:
      description: Set of the table.
      type: str
    key:
      description: Fields of the element, as text; addresses may be prefixes or ranges, ports ranges.
      type: list
      elements: str
    note:
      description: Name of the flow, with the reasons why it is declared.
      type: str
    count:
      description: How many new connections there were.
      type: int
  sample:
    - set: exact4_from_modality_to_pacs
      key: [198.18.20.11, 198.18.30.10, tcp, '11112']
      note: "ct1 -> pacs1: RAD-8, RAD-10"
      count: 3
unused:
  description: Names of the declared flows that weren't used since RV(since).
  returned: success
  type: list
  elements: str
  sample: ["pacs1 -> ct1: RAD-10"]
opening:
  description: What somebody has opened from the console of the host, for a while; V(null) where nothing is open.
  returned: success
  type: dict
  contains:
    protocols:
      description: Protocols for which everything passes.
      type: list
      elements: str
    seconds_left:
      description: Seconds until it ends by itself.
      type: int
    by:
      description: Who opened it, and from which terminal. This and the following where the host's record tells.
      type: str
    reason:
      description: Why, in that person's words.
      type: str
    since:
      description: Since when, in UTC.
      type: str
  sample:
    protocols: [tcp, udp]
    seconds_left: 1740
    by: anna on tty1
    reason: CT 2 sends no images, case 4711
    since: '2026-11-27T09:01:00Z'
connections:
  description:
    - Established connections that the kernel tracks; one entry for all with the same source, destination, protocol and
      port. V(null) where they can't be read.
  returned: success
  type: list
  elements: dict
  contains:
    source:
      description: Address that opened them.
      type: str
    destination:
      description: Address that they were opened to; the true one where addresses are translated.
      type: str
    protocol:
      description: V(tcp) or V(udp).
      type: str
    port:
      description: Port of the destination.
      type: int
    source_port:
      description:
        - Port of the source, V(null) where there are several. Of a connection that was open before the firewall tracked
          any, the source may be the end that was called; then this is the port that was called.
      type: int
    count:
      description: How many there are.
      type: int
    seconds_left:
      description: Seconds until the kernel would forget the last of them, if nothing more is sent.
      type: int
  sample:
    - source: 198.18.20.11
      destination: 198.18.30.10
      protocol: tcp
      port: 11112
      source_port: 40122
      count: 1
      seconds_left: 431999
connections_reason:
  description: Why the connections can't be read.
  returned: success
  type: str
own_addresses:
  description: The host's own addresses, by which a connection to the host itself is recognised.
  returned: success
  type: list
  elements: str
  sample: [198.18.0.14]
own_addresses_reason:
  description: Why they can't be read.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.flows import firewall_flows
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "connections": {"type": "bool", "default": True},
            "timeout": {"type": "float", "default": 10},
        },
        supports_check_mode=True,
    )
    timeout = module.params["timeout"]
    if not 0.1 <= timeout <= 60:
        module.fail_json(msg=f"timeout is {timeout:g}; it must be from 0.1 to 60 seconds")
    module.exit_json(changed=False, **firewall_flows(Host(), timeout, module.params["connections"]))


if __name__ == "__main__":
    main()
