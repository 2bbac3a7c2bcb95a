#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: clinical_gate_flows
short_description: Ask a firewall what it has seen since its rules changed
version_added: 0.1.0
description:
  - Comes over a new connection, and reads with M(pacs.hardening.firewall_flows_info) what the firewall has counted.
  - A flow of a device that nobody logs in to, used before the change and silent since, is not yet confirmed. The result
    names the person to ask (C(contact) of the device in the site) and the test to do at its console.
  - A firewall that can't be reached is an answer. The task never fails for it.
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
  before:
    description: What the firewall had seen before the change (RV(pacs.hardening.enforcement_check#module:seen)).
    type: dict
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
- name: What has the firewall seen since?
  pacs.hardening.clinical_gate_flows:
    site: "{{ pacs_site }}"
    policy: "{{ pacs_site | pacs.hardening.policy('core') }}"
    before: "{{ check.seen }}"
"""

RETURN = r"""
reached:
  description: Whether it could be reached and read.
  returned: success
  type: bool
reason:
  description: Why it couldn't.
  returned: success
  type: str
mode:
  description: The mode of its rules, as M(pacs.hardening.firewall_flows_info) returns it.
  returned: when it could be read
  type: str
refused:
  description: Declared connections that it has refused since, a line each. This speaks against the change.
  returned: when it could be read
  type: list
  elements: str
now_refused:
  description: Connections that passed before and that nothing declares (any more), refused since, a line each.
  returned: when it could be read
  type: list
  elements: str
unconfirmed:
  description: >-
    Declared flows that were used before and are silent since, the busiest first, each with C(flow), C(often),
    C(contact), C(test), and all of it as C(text).
  returned: when it could be read
  type: list
  elements: dict
"""
