#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: connections_cut
short_description: Cut connections that a firewall still lets through
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Removing a flow from the rules lets nobody open a new connection, but those that are open live on, as they pass as
    established. This module ends them, by having the kernel forget them with the tool C(conntrack).
  - Their next packet is judged anew by the rules in force. So it cuts only what the rules don't allow; where they only
    watch, a TCP connection is picked up in mid-stream and goes on.
  - It changes nothing by itself. Nobody but the caller decides that a transfer which is under way shall be cut.
options:
  connections:
    description: Which connections, in the direction in which they were opened.
    type: list
    elements: dict
    required: true
    suboptions:
      source:
        description: Address or network that opened them.
        type: str
        required: true
      destination:
        description: Address or network that they were opened to.
        type: str
        required: true
      protocol:
        description: Transport protocol.
        type: str
        choices: [tcp, udp]
        required: true
      port:
        description: Port of the destination.
        type: int
        required: true
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
    details:
      - Counts what would be cut. Where C(conntrack) isn't installed, it warns that it can't be counted.
  diff_mode:
    support: none
    details:
      - What was cut is returned.
  idempotent:
    support: full
requirements:
  - C(conntrack) on the managed host (package conntrack, or conntrack-tools)
seealso:
  - module: pacs.hardening.nft_ruleset
"""

EXAMPLES = r"""
- name: The old archive is switched off, and nobody shall talk to it any more
  pacs.hardening.connections_cut:
    connections:
      - {source: 198.18.20.0/24, destination: 198.18.30.9, protocol: tcp, port: 104}
      - {source: 'fd00:18:20::/64', destination: 'fd00:18:30::9', protocol: tcp, port: 104}
"""

RETURN = r"""
cut:
  description: How many connections were (in check mode, would be) cut, by request; V(null) where it can't be known.
  returned: success
  type: list
  elements: dict
  contains:
    source:
      description: As requested.
      type: str
    destination:
      description: As requested.
      type: str
    protocol:
      description: As requested.
      type: str
    port:
      description: As requested.
      type: int
    count:
      description: How many.
      type: int
  sample:
    - {source: 198.18.20.0/24, destination: 198.18.30.9, protocol: tcp, port: 104, count: 2}
msg:
  description: The sum in words.
  returned: always
  type: str
  sample: 2 connections are cut
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.connections import cut_connections
from ansible_collections.pacs.hardening.plugins.module_utils._nft.connections import tracked
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def main() -> None:
    suboptions = {
        "source": {"type": "str", "required": True},
        "destination": {"type": "str", "required": True},
        "protocol": {"type": "str", "choices": ["tcp", "udp"], "required": True},
        "port": {"type": "int", "required": True},
    }
    module = AnsibleModule(
        argument_spec={
            "connections": {"type": "list", "elements": "dict", "required": True, "options": suboptions},
        },
        supports_check_mode=True,
    )
    try:
        done = cut_connections(tracked(module.params["connections"]), module.check_mode)
    except HardeningError as exc:
        module.fail_json(msg=str(exc))
    counts = done.counts
    if counts is None:
        module.warn(done.warning)
        module.exit_json(changed=False, cut=None, msg=done.warning)
        return
    total = sum(count for _one, count in counts)
    number = f"{total} connection{'' if total == 1 else 's'}"
    module.exit_json(
        changed=total > 0,
        cut=[
            {
                "source": one.source,
                "destination": one.destination,
                "protocol": one.protocol,
                "port": one.port,
                "count": count,
            }
            for one, count in counts
        ],
        msg=f"{number} would be cut" if module.check_mode else f"{number} {'is' if total == 1 else 'are'} cut",
    )


if __name__ == "__main__":
    main()
