#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: site_simulation
short_description: Say what a changed site would cut of what was seen
version_added: 0.1.0
description:
  - Holds everything that the firewalls have seen, and what was recorded in files, against a site that is not applied
    yet. Declared flows that were used count as seen, and so do the connections that are open.
  - Says which of them each firewall would cut, how often they were used and when last, and what they look like, such as
    the connection on which an archive reports a storage commitment.
  - Fails if a declared device would be hurt, or if that isn't known, because a firewall could not be read or nothing
    was seen yet.
  - Writes C(simulated.json).
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
    description: The changed site.
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
  fail_from:
    description: From how many attempts on a cut connection of a declared device makes the task fail; V(0) for never.
    type: int
    default: 1
  despite:
    description: Names of devices whose own connections may be cut, as in C(firewall_enforce_despite).
    type: list
    elements: str
    default: []
  directory:
    description:
      - Directory on the controller for the files; made with mode C(0700) if it isn't there. They have mode C(0600).
    type: path
    required: true
notes:
  - The Python library C(netaddr) must be installed for the Python that runs Ansible.
seealso:
  - module: pacs.hardening.firewall_flows_info
"""

EXAMPLES = r"""
- name: Say what the changed site would cut
  pacs.hardening.site_simulation:
    site: "{{ pacs_site }}"
    firewalls:
      core: "{{ seen }}"
    directory: reports
  run_once: true
"""

RETURN = r"""
summary:
  description: What would be cut, in lines for people, as shown on screen.
  returned: success
  type: list
  elements: str
  sample:
    - "core would cut 1 of the 9 flows seen there:"
    - "    pacs1 -> ct1:11112 tcp, 3 times, last 2 h ago: looks like storage commitment result (RAD-10)"
path:
  description: Where the file stands on the controller; V(null) in check mode.
  returned: when it was judged, also where the task then fails
  type: str
  sample: /srv/reports/simulated.json
result:
  description: The whole document, as in the file. C(verdict) is V(safe), V(cuts) or V(unknown).
  returned: success
  type: dict
"""
