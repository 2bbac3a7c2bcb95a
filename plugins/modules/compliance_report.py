#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: compliance_report
short_description: Judge what was collected from an imaging site, and write the report
version_added: 0.1.0
description:
  - Judges the collection's controls on the declared site and on what was collected from its hosts, on the controller.
  - What could not be seen is not assessed, with its reason; it never passes. What is waived keeps what was seen.
  - Writes C(report.html), one page without scripts or outside references, and C(report.json), whose JSON Schema is
    C(docs/schemas/compliance-report.schema.json). A summary is shown on screen.
  - For devices that are declared with Defender on Windows writes their exclusions beside the report, as a script to
    hand over. Nothing applies it.
  - Fails, after it has written, if a failure at or above O(fail_on) stands, or a waiver has expired or can't be used.
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
    details: In check mode it judges and says the result, but writes no files.
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
  hosts:
    description:
      - What was collected, by inventory name. Each has C(reached) (V(ok), V(unreachable), V(failed) or V(timeout)),
        C(reason), and C(evidence) as M(pacs.hardening.host_evidence_info) returns it, or V(null).
    type: dict
    required: true
  network:
    description: >-
      What was tried over the network. For the inventory name of each vantage point, the results that
      M(pacs.hardening.network_evidence_info) returned for the probes of M(pacs.hardening.compliance_plan).
    type: dict
    default: {}
  waivers:
    description:
      - Failures that somebody has accepted until a date. Each has C(control), C(scope) (names of devices, firewalls or
        the site), C(owner), C(approver), C(reason), C(compensating_control), C(created) and C(expires).
    type: list
    elements: dict
    default: []
  profiles:
    description: The site's vendor profiles of antivirus exclusions, usually C(pacs_antivirus_profiles).
    type: dict
    default: {}
  dicom_files:
    description:
      - Directory on the controller with what M(pacs.hardening.dicom_files_info) returned, as JSON, in one file
        C(NAME.json) for each inventory host.
      - What lies in image stores is not assessed without it.
    type: path
  inventory:
    description: Names of all hosts of the inventory. Those that the site doesn't declare are listed as not judged.
    type: list
    elements: str
    default: []
  directory:
    description:
      - Directory on the controller for the report; made with mode C(0700) if it isn't there. The files have mode
        C(0600).
    type: path
    required: true
  fail_on:
    description: The lowest severity whose failures make the task fail.
    type: str
    choices: [critical, high, medium, low, never]
    default: high
notes:
  - The Python libraries C(netaddr) and C(jmespath) must be installed for the Python that runs Ansible.
  - The files on the controller differ with every run, as they hold its time. They don't count as a change.
seealso:
  - module: pacs.hardening.compliance_plan
  - module: pacs.hardening.host_evidence_info
  - module: pacs.hardening.network_evidence_info
"""

EXAMPLES = r"""
- name: Judge one host and write the report
  pacs.hardening.compliance_report:
    site: "{{ pacs_site }}"
    hosts:
      core:
        reached: ok
        reason: ''
        evidence: "{{ read.evidence }}"
    directory: reports
    fail_on: critical
  run_once: true
"""

RETURN = r"""
summary:
  description: The result in lines for people, as shown on screen.
  returned: success
  type: list
  elements: str
  sample: ["NOT PASSED: Example Hospital", "  Checks: 12 passed, 3 failed."]
paths:
  description: >-
    Where the report stands on the controller, C(html) and C(json), and the list C(handed_over) of files with exclusions
    for devices that nobody logs in to. They have not been applied. Empty in check mode.
  returned: when it was judged, also where the task then fails by threshold
  type: dict
  sample: {html: /srv/reports/report.html, json: /srv/reports/report.json, handed_over: []}
result:
  description: The whole result document, as in C(report.json).
  returned: success
  type: dict
"""
