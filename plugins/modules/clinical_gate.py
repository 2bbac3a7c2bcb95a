#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: clinical_gate
short_description: Judge whether several firewalls may keep their new rules
version_added: 0.1.0
description:
  - Holds what was tried and seen after a change against what was before it. What worked and is declared must still
    work; what was broken before is told and blamed on nobody.
  - One firewall that failed, that isn't armed, or that can't be reached any more, and all go back.
  - It never fails, because its firewalls must be told what to do in any case.
  - Runs on the controller only.
author:
  - pacs.hardening contributors (@pacs-hardening)
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  action:
    support: full
  async:
    support: none
  become:
    support: none
  bypass_host_loop:
    support: none
  check_mode:
    support: full
  connection:
    support: none
  delegation:
    support: none
    details: Nothing runs on a host, so delegation has no effect.
  diff_mode:
    support: none
    details: It changes nothing.
  platform:
    support: full
    platforms: all
options:
  members:
    description: Inventory names of the firewalls that change as one.
    type: list
    elements: str
    required: true
  hosts:
    description: >-
      How far each of them came. C(change_id) and C(deadline) of the change that is armed there, the results of
      applying it (C(applied)) and of the first new connection (C(waiting)).
    type: dict
    required: true
  flows:
    description: What each of them has seen since, as M(pacs.hardening.clinical_gate_flows) returns it.
    type: dict
    default: {}
  before:
    description: Results of M(pacs.hardening.clinical_gate_probe) from before the change.
    type: list
    elements: dict
    default: []
  after:
    description: Results of M(pacs.hardening.clinical_gate_probe) from after it.
    type: list
    elements: dict
    default: []
seealso:
  - module: pacs.hardening.clinical_gate_outcome
"""

EXAMPLES = r"""
- name: May they keep their new rules?
  pacs.hardening.clinical_gate:
    members: [core, edge]
    hosts: "{{ states }}"
    flows: "{{ looks }}"
    before: "{{ before.results }}"
    after: "{{ after.results }}"
  register: verdict
  run_once: true
"""

RETURN = r"""
passed:
  description: Whether the change may be confirmed.
  returned: success
  type: bool
failures:
  description: What speaks against it, a line each.
  returned: success
  type: list
  elements: str
advice:
  description: What to do about that.
  returned: success
  type: list
  elements: str
notes:
  description: >-
    What is told and blamed on nobody. Connections that work only now, that didn't work before, that are refused now,
    or that are not yet confirmed.
  returned: success
  type: list
  elements: str
"""
