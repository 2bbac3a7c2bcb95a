#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: compliance_plan
short_description: Work out which hosts a report reads, and what they try over the network
version_added: 0.1.0
description:
  - Loads and compiles the declared site, and names the inventory hosts that may be read. They are its firewalls and
    the devices that are declared as managed. Nothing ever runs on others.
  - For each managed device plans a few connections. They are those that are declared from there, and a bounded sample
    of others towards management ports, by the probe rule of each device.
  - Runs on the controller only; combine it with C(run_once).
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
    details: It changes nothing on any host.
  platform:
    support: full
    platforms: all
options:
  site:
    description: The declared site, usually C(pacs_site).
    type: dict
    required: true
  profiles:
    description:
      - The site's vendor profiles of antivirus exclusions, usually C(pacs_antivirus_profiles). They say where images
        lie.
    type: dict
    default: {}
notes:
  - The Python library C(netaddr) must be installed for the Python that runs Ansible.
seealso:
  - module: pacs.hardening.compliance_report
"""

EXAMPLES = r"""
- name: Plan the report
  pacs.hardening.compliance_plan:
    site: "{{ pacs_site }}"
  register: plan
  run_once: true

- name: Try what is planned from this host
  pacs.hardening.network_evidence_info:
    vantage: "{{ inventory_hostname }}"
    probes: "{{ plan.probes[inventory_hostname] }}"
  when: inventory_hostname in plan.probes
"""

RETURN = r"""
hosts:
  description: Names of the inventory hosts that may be read.
  returned: success
  type: list
  elements: str
  sample: [core, edge, pacs1]
directories:
  description: Directories with images and imports, by inventory name of the managed device, for
    M(pacs.hardening.host_evidence_info).
  returned: success
  type: dict
  sample: {pacs1: [/var/lib/orthanc/db-v6]}
probes:
  description: >-
    For the inventory host of each managed device the probes as M(pacs.hardening.network_evidence_info) takes them.
  returned: success
  type: dict
"""
