#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: observe_report
short_description: Say in plain words what the firewalls of a site have seen
version_added: 0.1.0
description:
  - Says, for each firewall of the declared site, whether it watches or enforces and since when, which undeclared
    connections it saw, how often and when last, what declared flows nobody used, whether its memory was full, what is
    open from its console, and which connections are open though nothing declares them.
  - Names devices and zones as the site does, and services by their ports.
  - What a firewall's memory holds and the site declares by now is left out.
  - Shows it on screen, and writes it to C(observed.json).
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
    details: In check mode it says what was seen, but writes no file.
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
  firewalls:
    description:
      - What M(pacs.hardening.firewall_flows_info) returned, by inventory name. Of a firewall that could not be read,
        what Ansible returned; the report says so.
    type: dict
    required: true
  directory:
    description:
      - Directory on the controller for the file; made with mode C(0700) if it isn't there. The file has mode C(0600).
    type: path
    required: true
notes:
  - The Python library C(netaddr) must be installed for the Python that runs Ansible.
seealso:
  - module: pacs.hardening.firewall_flows_info
"""

EXAMPLES = r"""
- name: Say what the firewall core has seen
  pacs.hardening.observe_report:
    site: "{{ pacs_site }}"
    firewalls:
      core: "{{ seen }}"
    directory: reports
  run_once: true
"""

RETURN = r"""
summary:
  description: What was seen in lines for people, as shown on screen.
  returned: success
  type: list
  elements: str
  sample:
    - core watches since 2026-11-24 03:00 UTC, for 3 days now. Undeclared connections pass, and are remembered.
    - "  Enforcing would cut:"
    - "    ct7 -> pacs1:104 tcp, 12 times, last 3 min ago: DICOM"
path:
  description: Where the file stands on the controller; V(null) in check mode.
  returned: success
  type: str
  sample: /srv/reports/observed.json
result:
  description: The whole document, as in the file.
  returned: success
  type: dict
"""
