#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: clinical_gate_probe
short_description: Try what is planned from one vantage point, before a change and after it
version_added: 0.1.0
description:
  - Has M(pacs.hardening.network_evidence_info) try the connections of a vantage point, and shows what comes of them.
  - It comes over a new connection. After a change it tries what worked before twice if it must, and leaves a peer in
    peace that took a connection before and then hung.
  - A vantage point that can't be reached is an answer. The task never fails for it, so that C(run_once) with a loop
    over vantage points and C(delegate_to) goes on.
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
  vantage:
    description: A vantage point, as M(pacs.hardening.clinical_gate_plan) returns it.
    type: dict
    required: true
  before:
    description: The RV(results) from before the change. Without them this is the first look.
    type: list
    elements: dict
  timeout:
    description: Seconds to wait for each answer of a peer.
    type: float
    default: 3
  within:
    description: Seconds after which nothing new is tried.
    type: float
    default: 30
  lines:
    description: Whether each connection gets a line on the screen, or each vantage point.
    type: bool
    default: true
seealso:
  - module: pacs.hardening.clinical_gate_plan
  - module: pacs.hardening.network_evidence_info
"""

EXAMPLES = r"""
- name: Try it before the change
  pacs.hardening.clinical_gate_probe:
    vantage: "{{ item }}"
  loop: "{{ plan.vantages }}"
  delegate_to: "{{ item.host }}"
  run_once: true
  register: before
"""

RETURN = r"""
vantage:
  description: Name of the vantage point; C(host), C(probes) and C(left_out) are returned as they were given.
  returned: success
  type: str
reached:
  description: Whether it could be reached.
  returned: success
  type: bool
reason:
  description: Why it couldn't.
  returned: success
  type: str
results:
  description: What came of each probe, as M(pacs.hardening.network_evidence_info) returns it.
  returned: success
  type: list
  elements: dict
seconds:
  description: How long all of it took.
  returned: success
  type: float
"""
