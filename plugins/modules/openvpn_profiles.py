#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: openvpn_profiles
short_description: Write what each user of a TLS VPN is handed
version_added: 0.1.0
description:
  - Writes on the controller one OpenVPN profile a user, with everything in it, and the address by which an
    authenticator learns its one-time codes. Every file is readable for its owner alone from its first byte; no secret
    is returned.
  - A user's private key and request are made on the controller, or the request comes from the user's own machine.
  - Certificates are signed by an authority in between. Who has none yet is named in RV(awaiting), and so is whoever is
    no user any more and has a certificate that isn't revoked.
  - The key, the profile and the codes of former users are removed.
author:
  - pacs.hardening contributors (@pacs-hardening)
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details:
      - What is written is secret.
  idempotent:
    support: full
options:
  gateway:
    description: The server, as P(pacs.hardening.openvpn_gateway#filter) returns it.
    type: dict
    required: true
  server:
    description: Its names and paths, as C(server) of P(pacs.hardening.openvpn_files#filter).
    type: dict
    required: true
  directory:
    description:
      - A directory on the controller, for this server alone. The authority reads C(requests/NAME.csr), and writes
        C(certificates/NAME.crt), C(ca.crt) and C(ca.crl). The gateway's own name there is C(gateway).
      - Users are handed C(profiles/NAME.ovpn) and C(codes/NAME.txt).
    type: str
    required: true
  request:
    description: The request for the server's own certificate, as M(pacs.hardening.openvpn_keys) returns it.
    type: str
  keys:
    description: Whether users' keys are made here, or stay on the machines of the users, who bring a request.
    type: str
    choices: [controller, user]
    default: controller
seealso:
  - module: pacs.hardening.openvpn_keys
  - module: pacs.hardening.openvpn_server
"""

EXAMPLES = r"""
- name: Write the users' profiles
  pacs.hardening.openvpn_profiles:
    gateway: "{{ gateway }}"
    server: "{{ (gateway | pacs.hardening.openvpn_files).server }}"
    directory: ~/vpn/people
  vars:
    gateway: "{{ pacs_site | pacs.hardening.openvpn_gateway('edge', 'vpn.hospital.example') }}"
"""

RETURN = r"""
written:
  description: Paths of the files that were, or would be, written.
  returned: success
  type: list
  elements: str
removed:
  description: Paths of the files that were, or would be, removed.
  returned: success
  type: list
  elements: str
awaiting:
  description: Sentences on what somebody must do.
  returned: success
  type: list
  elements: str
profiles:
  description: Users whose profile is there.
  returned: success
  type: list
  elements: str
"""
