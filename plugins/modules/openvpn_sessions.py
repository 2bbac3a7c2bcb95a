#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openvpn_sessions
short_description: See who is in over a TLS VPN, and end sessions at once
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Asks a running OpenVPN server over its management socket who is in, and ends the sessions of the users that are
    named. The client is told to end itself, and forgotten 0.3 seconds later if it doesn't.
  - It ends sessions only. Whoever shall not come back is taken from the declared users first, see
    M(pacs.hardening.openvpn_server).
options:
  management:
    description: Path of the management socket, as C(server.management) of P(pacs.hardening.openvpn_files#filter).
    type: path
    required: true
  end:
    description: Users whose sessions end. By default nobody's, and nothing changes.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details:
      - Sessions and what was ended are returned.
  idempotent:
    support: full
notes:
  - Needs root.
seealso:
  - module: pacs.hardening.openvpn_server
"""

EXAMPLES = r"""
- name: Who is in?
  pacs.hardening.openvpn_sessions:
    management: /run/pacs-vpn/people/management.sock

- name: End the sessions of a user at once
  pacs.hardening.openvpn_sessions:
    management: /run/pacs-vpn/people/management.sock
    end: [acme]
"""

RETURN = r"""
running:
  description: Whether a server has made its socket.
  returned: success
  type: bool
sessions:
  description: Who was in when it was asked.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The user, by the name in the certificate.
      type: str
    real_address:
      description: From where, with the port.
      type: str
    ipv4:
      description: Address in the tunnel.
      type: str
    ipv6:
      description: Address in the tunnel; empty where there is none.
      type: str
    received:
      description: Bytes that came from the client.
      type: int
    sent:
      description: Bytes that went to the client.
      type: int
    since:
      description: Seconds since 1970 at which it connected.
      type: int
    cipher:
      description: Cipher of the tunnel's packets.
      type: str
ended:
  description: Users whose session was, or would be, ended.
  returned: success
  type: list
  elements: str
"""

from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.openvpn import end_sessions, is_there, sessions
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "management": {"type": "path", "required": True},
            "end": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    path = module.params["management"]
    try:
        running, found = is_there(path), sessions(path)
        ended = [session for session in found if session.name in module.params["end"]]
        if ended and not module.check_mode:
            end_sessions(path, ended)
    except HardeningError as exc:
        module.fail_json(msg=f"{exc}.")
    module.exit_json(
        changed=bool(ended),
        running=running,
        sessions=[asdict(session) for session in found],
        ended=sorted({session.name for session in ended}),
    )


if __name__ == "__main__":
    main()
