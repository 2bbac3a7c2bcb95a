#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: clinical_gate_plan
short_description: Plan which connections show that images still flow after a change
version_added: 0.1.0
description:
  - Finds the declared connections that meet one of some firewalls and may be tried from a managed device.
  - A DICOM peer is asked for a C-ECHO where its C(probe) is V(echo), and left alone where it is V(passive) or
    V(never). Any other port is connected to and left at once, unless its C(probe) is V(never).
  - At most 100 connections are tried from one device.
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
  site:
    description: The declared site. Without one, nothing is tried.
    type: dict
    required: true
  firewalls:
    description: Inventory names of the firewalls that change.
    type: list
    elements: str
    required: true
  inventory:
    description: Inventory names that exist, usually C(groups['all']); nothing is tried from others.
    type: list
    elements: str
    required: true
notes:
  - The Python library C(netaddr) must be installed for the Python that runs Ansible.
"""

EXAMPLES = r"""
- name: Plan what is tried when core changes
  pacs.hardening.clinical_gate_plan:
    site: "{{ pacs_site }}"
    firewalls: [core]
    inventory: "{{ groups['all'] }}"
  register: plan
  run_once: true
"""

RETURN = r"""
vantages:
  description: >-
    The vantage points, each with its name in the site (C(vantage)), its inventory name (C(host)), its C(probes) as
    M(pacs.hardening.network_evidence_info) takes them with their C(text), and how many were C(left_out).
  returned: success
  type: list
  elements: dict
total:
  description: How many connections are tried in all.
  returned: success
  type: int
missing:
  description: Managed devices that something could be tried from if the inventory had them.
  returned: success
  type: list
  elements: str
"""
