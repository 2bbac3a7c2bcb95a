#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipsec_gateway
short_description: Run the IPsec tunnels of a strongSwan gateway, and keep revoked peers out
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Puts the files of a gateway in place as P(pacs.hardening.swanctl_files#filter) renders them, has systemd run
    strongSwan, and loads them. Tunnels that didn't change stay up.
  - Where the list of revocations changes, what strongSwan has cached is cleared with it, because otherwise it goes on
    to take a peer for good that it has seen before. The tunnels of a revoked peer are ended, and it is then tried
    whether they come back; if one does, the module fails.
  - A list of revocations without an authorityKeyIdentifier, which strongSwan would ignore, or that has ended is refused
    before anything is changed.
  - As long as something is missing without which no tunnel can be made, nothing is changed, and RV(waiting) says what.
options:
  files:
    description: Texts by path below O(directory), as the filter returns them.
    type: dict
    required: true
  settings:
    description: The text of O(settings_path).
    type: str
    required: true
  peers:
    description: The identity of each connection's peer.
    type: dict
    required: true
  children:
    description: A child of each connection, to try with.
    type: dict
    required: true
  certificate:
    description: The gateway's certificate, PEM. Without it the one that is there stays.
    type: str
  authority:
    description: The certificate of the authority of the peers, PEM. Without it the one that is there stays.
    type: str
  revocations:
    description: The authority's list of revocations, PEM. Without it the one that is there stays.
    type: str
  certificates:
    description: Whether tunnels need certificates, and so can't be made before they are there.
    type: bool
    default: true
  secrets:
    description: Pre-shared keys by connection, where somebody has accepted one.
    type: dict
    default: {}
  directory:
    description: Where swanctl has its files.
    type: path
    default: /etc/swanctl
  settings_path:
    description: A file that strongSwan reads at its start.
    type: path
    default: /etc/strongswan.d/pacs-hardening.conf
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
    details:
      - Whether a peer is revoked shows only once the list is loaded.
  diff_mode:
    support: full
  idempotent:
    support: full
requirements:
  - strongSwan 5.9.8 with swanctl and charon-systemd, and systemd, on the managed host
seealso:
  - module: pacs.hardening.ipsec_keys
"""

EXAMPLES = r"""
- name: Run the tunnels
  pacs.hardening.ipsec_gateway:
    files: "{{ rendered.files }}"
    settings: "{{ rendered.settings }}"
    peers: "{{ rendered.peers }}"
    children: "{{ rendered.children }}"
    authority: "{{ lookup('ansible.builtin.file', 'pki/ca.crt') }}"
    certificate: "{{ lookup('ansible.builtin.file', 'pki/gateway.crt') }}"
    revocations: "{{ lookup('ansible.builtin.file', 'pki/ca.crl') }}"
  vars:
    rendered: "{{ pacs_site | pacs.hardening.swanctl_files(inventory_hostname) }}"
"""

RETURN = r"""
waiting:
  description: Files that are missing, so that no tunnel can be made yet.
  returned: always
  type: list
  elements: str
started:
  description: Whether strongSwan was (in check mode, would be) started.
  returned: always
  type: bool
ended:
  description: Connections whose peer is revoked, and which were thrown out.
  returned: always
  type: list
  elements: str
again:
  description:
    - Connections that were ended and came back, because their peer had to authenticate again.
    - That is so where a certificate that it has shown is revoked, and where the list of revocations has grown and
      nobody knows any more what it has shown.
  returned: always
  type: list
  elements: str
away:
  description: Connections that were ended because nobody knows what their peer has shown, and which aren't back yet.
  returned: always
  type: list
  elements: str
revocations_end:
  description: Until when the given list of revocations is good; after that nobody is let in. Empty without one.
  returned: always
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.ipsec import (
    Listed,
    Outcome,
    Places,
    Wanted,
    apply,
    usable_list,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.ipsec_revocation import Peers
from ansible_collections.pacs.hardening.plugins.module_utils._io.wanted_files import difference
from ansible_collections.pacs.hardening.plugins.module_utils._ipsec.secrets import secrets_text
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

_CERTIFICATE = "x509/pacs-gateway.crt"
_AUTHORITY = "x509ca/pacs-peers-ca.crt"
_SECRETS = "conf.d/pacs-hardening-secrets.conf"
_NEEDS = (_CERTIFICATE, _AUTHORITY, "x509crl/pacs-peers.crl", "private/pacs-gateway.key")


def _wanted(params: dict[str, Any], listed: Listed | None, check: bool) -> Wanted:
    files = dict(params["files"])
    for key, path in (("certificate", _CERTIFICATE), ("authority", _AUTHORITY)):
        if params[key]:
            files[path] = params[key].strip() + "\n"
    files[_SECRETS] = secrets_text(params["secrets"], params["peers"]) if params["secrets"] else None
    return Wanted(
        files=files,
        settings=params["settings"],
        revocations=listed.content if listed else None,
        peers=Peers(
            {name: peer for name, peer in params["peers"].items() if name not in params["secrets"]}, params["children"]
        ),
        # In check mode the task before this one has made no key.
        needs=(_NEEDS[:-1] if check else _NEEDS) if params["certificates"] else (),
    )


def _diff(outcome: Outcome) -> list[dict[str, str]]:
    return [
        difference(
            change.path,
            change.before,
            f"{change.after}\n" if change.after and not change.after.endswith("\n") else change.after,
        )
        for change in outcome.changes
    ]


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "files": {"type": "dict", "required": True},
            "settings": {"type": "str", "required": True},
            "peers": {"type": "dict", "required": True},
            "children": {"type": "dict", "required": True},
            "certificate": {"type": "str"},
            "authority": {"type": "str"},
            "revocations": {"type": "str"},
            "certificates": {"type": "bool", "default": True},
            "secrets": {"type": "dict", "default": {}, "no_log": True},
            "directory": {"type": "path", "default": "/etc/swanctl"},
            "settings_path": {"type": "path", "default": "/etc/strongswan.d/pacs-hardening.conf"},
        },
        supports_check_mode=True,
    )
    try:
        listed = usable_list(module.params["revocations"]) if module.params["revocations"] else None
        places = Places(module.params["directory"], module.params["settings_path"])
        outcome = apply(_wanted(module.params, listed, module.check_mode), places, module.check_mode)
    except HardeningError as exc:
        module.fail_json(msg=str(exc))
    if listed is not None and listed.ends_soon:
        module.warn(
            f"The list of revocations ends on {listed.until:%Y-%m-%d %H:%M} UTC; after that no tunnel comes up."
        )
    module.exit_json(
        changed=outcome.changed,
        waiting=list(outcome.waiting),
        started=outcome.started,
        ended=list(outcome.ended.out),
        again=list(outcome.ended.again),
        away=list(outcome.ended.away),
        revocations_end=f"{listed.until:%Y-%m-%dT%H:%M:%SZ}" if listed else "",
        diff=_diff(outcome),
    )


if __name__ == "__main__":
    main()
