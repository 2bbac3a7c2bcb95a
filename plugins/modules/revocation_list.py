#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: revocation_list
short_description: Keep the list of revocations of a site's own authority
version_added: 0.1.0
description:
  - Makes, on the controller, the list of revocations that a VPN gateway wants, with what strongSwan needs to take it
    into account (the authorityKeyIdentifier, and a number that rises), which C(community.crypto.x509_crl) doesn't
    write.
  - A list only grows. It is made anew where a certificate is added, or where a third of its days or less is left.
author:
  - pacs.hardening contributors (@pacs-hardening)
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  path:
    description: The list, PEM. One that is there must be of the same authority.
    type: path
    required: true
  authority:
    description: The authority's certificate, PEM.
    type: path
    required: true
  authority_key:
    description: Its private key, PEM.
    type: path
    required: true
  passphrase:
    description: The key's passphrase, from a vault. Empty where it has none.
    type: str
    default: ""
  revoked:
    description: Files with certificates of this authority (PEM) that are good no longer.
    type: list
    elements: path
    default: []
  days:
    description: After so many a list is good no longer, and the gateways let nobody in.
    type: int
    default: 90
seealso:
  - module: pacs.hardening.ipsec_gateway
  - module: pacs.hardening.openvpn_server
"""

EXAMPLES = r"""
- name: Revoke what was put into a directory for it
  pacs.hardening.revocation_list:
    path: /srv/vpn/people/ca.crl
    authority: /srv/vpn/people/ca.crt
    authority_key: /srv/vpn/people/ca.key
    passphrase: "{{ vaulted_passphrase }}"
    revoked: "{{ lookup('ansible.builtin.fileglob', '/srv/vpn/people/revoked/*.crt', wantlist=true) }}"
"""

RETURN = r"""
path:
  description: The list.
  returned: success
  type: str
"""
