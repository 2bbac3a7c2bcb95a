#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openvpn_secrets_info
short_description: Read what the hand-over of a VPN profile needs
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Reads the key of tls-crypt and the secrets of one-time codes from a gateway.
  - What it returns is secret. Use it through M(pacs.hardening.openvpn_profiles), which shows it to nobody; in a task of
    its own it needs C(no_log).
options:
  people:
    description: Users whose secrets are read.
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
    support: N/A
  idempotent:
    support: full
seealso:
  - module: pacs.hardening.openvpn_profiles
"""

EXAMPLES = r"""
- name: Read what a profile needs
  pacs.hardening.openvpn_secrets_info:
    server: "{{ rendered.server }}"
    people: [r.smith]
  register: secret
  no_log: true
"""

RETURN = r"""
available:
  description: Whether the keys have been made.
  returned: success
  type: bool
tls_crypt:
  description: The key of tls-crypt; V(null) where there is none yet.
  returned: success
  type: str
codes:
  description: Of each user who has one, the secret of its one-time codes in base32.
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.openvpn_keys import KeyPlaces, hand_over
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
        key, codes = hand_over(at, module.params["people"])
    except HardeningError as exc:
        module.fail_json(msg=f"{exc}.")
    module.exit_json(changed=False, available=key is not None, tls_crypt=key, codes=codes)


if __name__ == "__main__":
    main()
