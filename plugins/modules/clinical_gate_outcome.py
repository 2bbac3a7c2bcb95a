#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: clinical_gate_outcome
short_description: Say what became of a change of several firewalls
version_added: 0.1.0
description:
  - Fails where the change was taken back, with one message for all firewalls. Why, which rules are in force where, and
    what to do.
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
  verdict:
    description: C(failures), C(advice) and C(notes) of M(pacs.hardening.clinical_gate).
    type: dict
    required: true
  settled:
    description: The result of M(pacs.hardening.nft_change) on each of them.
    type: dict
    required: true
  restored:
    description: >-
      Where a firewall had confirmed and another couldn't, the result of applying the rules from before again.
    type: dict
    default: {}
seealso:
  - module: pacs.hardening.clinical_gate
"""

EXAMPLES = r"""
- name: Say what became of it
  pacs.hardening.clinical_gate_outcome:
    members: [core, edge]
    hosts: "{{ states }}"
    verdict: "{{ verdict }}"
    settled: "{{ ends }}"
  run_once: true
"""

RETURN = r"""
confirmed:
  description: The firewalls that have confirmed.
  returned: success
  type: list
  elements: str
notes:
  description: What is told and blamed on nobody, see M(pacs.hardening.clinical_gate).
  returned: always
  type: list
  elements: str
msg:
  description: What became of the change, in words.
  returned: always
  type: str
"""
