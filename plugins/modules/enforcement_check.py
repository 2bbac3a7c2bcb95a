#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: enforcement_check
short_description: Refuse to enforce rules that would cut a declared device
version_added: 0.1.0
description:
  - Reads with M(pacs.hardening.firewall_flows_info) what a firewall has seen while it watched, and holds it against
    what it shall enforce. Fails while a declared device stands among the connections that would be cut, unless it is
    named.
  - What a firewall refuses already, it may go on refusing. A host that never watched may enforce, with a loud warning.
  - Changes nothing.
author:
  - pacs.hardening contributors (@pacs-hardening)
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
  idempotent:
    support: full
options:
  site:
    description: The declared site, usually C(pacs_site). Without one, the addresses that the policy names are its
      devices.
    type: dict
    default: {}
  policy:
    description: What the firewall must enforce, as P(pacs.hardening.policy#filter) returns it.
    type: dict
    required: true
  mode:
    description: What shall be done with undeclared connections. To V(watch) them is always allowed.
    type: str
    choices: [watch, enforce]
    required: true
  despite:
    description: Devices that may be cut, by their names in the site; without a site, by their addresses.
    type: list
    elements: str
    default: []
seealso:
  - module: pacs.hardening.firewall_flows_info
"""

EXAMPLES = r"""
- name: May the compiled rules be enforced?
  pacs.hardening.enforcement_check:
    site: "{{ pacs_site }}"
    policy: "{{ pacs_site | pacs.hardening.policy('core') }}"
    mode: enforce
    despite: [ct7]
"""

RETURN = r"""
seen:
  description: What the firewall has seen, as M(pacs.hardening.firewall_flows_info) returns it.
  returned: when it could be read
  type: dict
would_cut:
  description: What would be cut, a line each.
  returned: when it could be read
  type: list
  elements: str
  sample: ["ct7 -> pacs1:104 tcp, 12 times, last 3 min ago"]
msg:
  description: The judgement in words; where it is a refusal, what to do.
  returned: always
  type: str
"""
