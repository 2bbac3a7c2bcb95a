#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_keys
short_description: Have the key of an IPsec gateway born on its host
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Makes the gateway's private key (P-384) where it is missing. What is there is left as it is; the key never leaves
    the host.
  - Returns a request for a certificate, for an authority to sign.
options:
  identities:
    description: The names in the certificate, as its subjectAltName; the first is its common name, too.
    type: list
    elements: str
    required: true
  directory:
    description: Where swanctl has its files.
    type: path
    default: /etc/swanctl
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
requirements:
  - openssl on the managed host
seealso:
  - module: pacs.hardening.ipsec_gateway
"""

EXAMPLES = r"""
- name: Have the gateway's key born here
  pacs.hardening.ipsec_keys:
    identities: [gw-a.hospital.example]
  register: keys
"""

RETURN = r"""
request:
  description: A request for the certificate, PEM. Empty in check mode where there is no key yet.
  returned: always
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.ipsec import Places, born_here
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "identities": {"type": "list", "elements": "str", "required": True},
            "directory": {"type": "path", "default": "/etc/swanctl"},
        },
        supports_check_mode=True,
    )
    if not module.params["identities"]:
        module.fail_json(msg="identities is empty. Name at least one")
    places = Places(directory=module.params["directory"])
    try:
        made, request = born_here(places, tuple(module.params["identities"]), module.check_mode)
    except HardeningError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=made, request=request or "")


if __name__ == "__main__":
    main()
