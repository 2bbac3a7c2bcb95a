#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openvpn_keys
short_description: Have the keys of an OpenVPN server born on its host
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Makes, where they are missing, the server's private key (P-384), the key of tls-crypt, the key that tokens are
    signed with, and for each user of whom a one-time code is asked its secret. What is there is left as it is.
  - Returns a request for the server's certificate, for an authority to sign. No key leaves the host.
  - The secrets of whoever isn't named any more are removed.
options:
  people:
    description: Users of whom a one-time code is asked, as C(coded) of P(pacs.hardening.openvpn_files#filter).
    type: list
    elements: str
    required: true
extends_documentation_fragment:
  - pacs.hardening.attributes
  - pacs.hardening.openvpn
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details:
      - Only paths are returned. Keys are shown to nobody
  idempotent:
    support: full
requirements:
  - C(openssl) and C(openvpn) on the managed host
notes:
  - Needs root.
seealso:
  - module: pacs.hardening.openvpn_server
"""

EXAMPLES = r"""
- name: Have the server's keys made on the gateway
  pacs.hardening.openvpn_keys:
    server: "{{ rendered.server }}"
    people: "{{ rendered.coded }}"
  register: keys
"""

RETURN = r"""
created:
  description: Paths of what was, or would be, made.
  returned: success
  type: list
  elements: str
  sample: [/etc/openvpn/server/people/server.key]
removed:
  description: Paths of secrets that were, or would be, removed.
  returned: success
  type: list
  elements: str
request:
  description: The request for the server's certificate, as PEM; V(null) where there is no key yet.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.openvpn_keys import KeyPlaces, born_here
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._vpn.arguments import SERVER


def main() -> None:
    module = AnsibleModule(
        argument_spec={"server": SERVER, "people": {"type": "list", "elements": "str", "required": True}},
        supports_check_mode=True,
    )
    server = module.params["server"]
    at = KeyPlaces(server["private_key"], server["tls_crypt"], server["token_key"], server["codes"])
    try:
        born = born_here(at, server["identity"], module.params["people"], module.check_mode)
    except HardeningError as exc:
        module.fail_json(msg=f"{exc}.")
    module.exit_json(
        changed=bool(born.created or born.removed),
        created=list(born.created),
        removed=list(born.removed),
        request=born.request,
    )


if __name__ == "__main__":
    main()
