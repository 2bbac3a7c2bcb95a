#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: nft_proof
short_description: Prove a ruleset against what is declared before it is applied
version_added: 0.1.0
description:
  - The host's own C(nft) loads the ruleset in a private network namespace and lists it. That listing, together with the
    tables of everybody else on the host, is judged on the controller in both directions. What is declared must pass,
    and nothing else may.
  - A refutation fails the task, with a concrete packet for each contradiction. What the verifier doesn't understand
    makes the verdict V(not proven), with a warning.
  - Changes nothing.
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
  policy:
    description: The enforcement policy, as P(pacs.hardening.policy#filter) returns it for one firewall.
    type: dict
    required: true
  ruleset:
    description: Text of the table, as for M(pacs.hardening.nft_ruleset).
    type: str
    required: true
  table:
    description: The table that would be replaced, as family and name.
    type: str
    default: inet pacs
seealso:
  - module: pacs.hardening.nft_candidate_info
  - module: pacs.hardening.nft_ruleset
"""

EXAMPLES = r"""
- name: Prove the compiled ruleset
  pacs.hardening.nft_proof:
    policy: "{{ pacs_site | pacs.hardening.policy('core') }}"
    ruleset: "{{ pacs_site | pacs.hardening.policy('core') | pacs.hardening.nftables }}"
"""

RETURN = r"""
verdict:
  description: V(proven), V(refuted) or V(not proven).
  returned: success
  type: str
blocked:
  description: What is declared and would not pass, each with a packet and a sentence in C(text).
  returned: when the ruleset could be read back
  type: list
  elements: dict
undeclared:
  description: What is not declared and would pass, each with a packet and a sentence in C(text).
  returned: when the ruleset could be read back
  type: list
  elements: dict
not_understood:
  description: The expressions that the verifier doesn't understand, and where they stand.
  returned: success
  type: list
  elements: str
msg:
  description: The verdict in words.
  returned: always
  type: str
"""
