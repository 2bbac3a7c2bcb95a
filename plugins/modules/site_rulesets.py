#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: site_rulesets
short_description: Compile a declared imaging site into one ruleset a firewall
version_added: 0.1.0
description:
  - Loads and validates the declared site, derives its flows, and compiles what each of its firewalls must enforce.
  - Every fault of the site is reported at once, with its place in the document and how to mend it.
  - Runs on the controller only; combine it with C(run_once) so that a site is compiled once and not once a host.
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
    description: The declared site, usually C(pacs_site).
    type: dict
    required: true
notes:
  - The Python library C(netaddr) must be installed for the Python that runs Ansible.
"""

EXAMPLES = r"""
- name: Compile the site
  pacs.hardening.site_rulesets:
    site: "{{ pacs_site }}"
  register: compiled
  run_once: true

- name: Apply the ruleset of this firewall
  pacs.hardening.nft_ruleset:
    ruleset: "{{ compiled.rulesets[inventory_hostname].ruleset }}"
"""

RETURN = r"""
findings:
  description: What in the site deserves a second look, a line each.
  returned: success
  type: list
  elements: str
flows:
  description: Every flow of the site, a line each.
  returned: success
  type: list
  elements: str
  sample: ["ct1 -> pacs1:11112 tcp, RAD-8 images stored"]
gateways:
  description: >-
    The inventory hosts of the firewalls that are gateways of remote access, each with the names of its TLS servers and
    of its IPsec tunnels. Empty where the site declares none.
  returned: success
  type: dict
  sample: {edge: {tls: [people], ipsec: [branch]}}
rulesets:
  description: >-
    For the inventory host of each firewall its part: rulesets as text, and what they are made from. V(ruleset) drops
    what is not declared; V(watch) only counts and remembers it; V(fallback) is the coarse one for a boot at which
    neither loads. V(interventions) are what may be granted there, for M(pacs.hardening.vendor_access).
  returned: success
  type: dict
  sample:
    core:
      firewall: core
      kind: internal
      policy: {format: 1, enforcement_point: core}
      ruleset: "table inet pacs {...}"
      watch: "table inet pacs {...}"
      fallback: "table inet pacs {...}"
      interventions: []
"""
