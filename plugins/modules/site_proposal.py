#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: site_proposal
short_description: Propose a site model from what was seen
version_added: 0.1.0
description:
  - Proposes a site, C(pacs_site), from which exactly the connections follow that were seen and recognised, besides
    administration. It is loaded and derived before it is shown, and compared with what was seen.
  - Recognises DICOM and HL7 by what the site declares, by what was heard in a capture, and by the registered ports;
    other services by their registered ports.
  - Explains DICOM and HL7 connections by a workflow where all that follows from the workflow was seen, else by conduits
    with their protocol and port, and says how often each was seen. No port is ever guessed.
  - Keeps what the site declares where it was used. Gives a name to each new address; AE titles are those that were
    heard in a capture, else made up, and marked to be confirmed.
  - Unknown services, scans, connections from outside and to it, and those that nobody answered are listed with their
    counts, and not proposed.
  - Writes C(proposed_site.yml) for people, with remarks, and C(proposed_site.json) with everything in it.
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
    description:
      - The site so far. It needs management, zones and firewalls; its devices may be few or none.
      - Workflows and conduits that weren't used, or have faults, don't matter.
    type: dict
    required: true
  firewalls:
    description:
      - What M(pacs.hardening.firewall_flows_info) returned, by inventory name. Of a firewall that could not be read,
        what Ansible returned.
      - Empty if the firewalls weren't asked.
    type: dict
    default: {}
  files:
    description:
      - Files on the controller that somebody recorded of the network. Captures (pcap, pcapng), or listings of tracked
        connections (C(conntrack -L), C(conntrack -E), C(/proc/net/nf_conntrack)), told apart by their content.
      - Of a capture only addresses, protocols and ports are kept, AE titles, and whether DICOM or HL7 is spoken.
    type: list
    elements: path
    default: []
  directory:
    description:
      - Directory on the controller for the files; made with mode C(0700) if it isn't there. They have mode C(0600).
    type: path
    required: true
notes:
  - The Python library C(netaddr) must be installed for the Python that runs Ansible.
  - IPv4 and IPv6 addresses of one machine are devices of their own, unless the site declares them as one.
seealso:
  - module: pacs.hardening.firewall_flows_info
"""

EXAMPLES = r"""
- name: Propose a site from what the firewall core has seen and from a capture
  pacs.hardening.site_proposal:
    site: "{{ pacs_site }}"
    firewalls:
      core: "{{ seen }}"
    files:
      - captures/switch-3.pcapng
    directory: reports
  run_once: true
"""

RETURN = r"""
summary:
  description: What the proposal rests on and what it holds, in lines for people, as shown on screen.
  returned: success
  type: list
  elements: str
  sample: ["It permits 9 recognised flows, and administration; nothing else."]
path:
  description: Where the YAML stands on the controller; V(null) in check mode.
  returned: success
  type: str
  sample: /srv/reports/proposed_site.yml
site:
  description: The proposed site, as a value for C(pacs_site).
  returned: success
  type: dict
result:
  description: Everything, as in the JSON file. C(not_proposed) lists what was seen and is not in the proposal, and why.
  returned: success
  type: dict
"""
