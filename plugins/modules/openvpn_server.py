#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: openvpn_server
short_description: Run an OpenVPN server with its files, and end the sessions of whoever is no user any more
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Writes the files that P(pacs.hardening.openvpn_files#filter) renders, each whole, and removes the files of former
    users.
  - Ends the sessions of whoever is no user any more, over the management socket. The client is told to end itself, and
    forgotten 0.3 seconds later if it doesn't.
  - Where more certificates are revoked than before, all others shake hands once again. They are back within seconds and
    without a new code, as far as their certificate is good.
  - Starts the server, and restarts it only where a file has changed that it reads at its start.
  - Where the certificate or another file is missing that it can't start without, nothing is started; see RV(waiting).
options:
  files:
    description: The files, as the filter returns them.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Absolute path of the file.
        type: str
        required: true
      text:
        description: Its content.
        type: str
        required: true
      mode:
        description: Its permissions, in octal. It belongs to root.
        type: str
        default: '0644'
      restarts:
        description: Whether the server reads it at its start only.
        type: bool
        default: false
  users:
    description: Who may be in.
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
    support: full
  idempotent:
    support: full
notes:
  - Needs root, and systemd.
  - The package openvpn must be installed. In check mode it need not be.
seealso:
  - module: pacs.hardening.openvpn_keys
  - plugin: pacs.hardening.openvpn_files
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Run the server, and let nobody stay who isn't declared
  pacs.hardening.openvpn_server:
    server: "{{ rendered.server }}"
    files: "{{ rendered.files }}"
    users: "{{ rendered.users }}"
"""

RETURN = r"""
files:
  description: Paths of the files that were, or would be, written or removed.
  returned: success
  type: list
  elements: str
ended:
  description: Users whose session was, or would be, ended.
  returned: success
  type: list
  elements: str
again:
  description: Users who were, or would be, made to shake hands again.
  returned: success
  type: list
  elements: str
started:
  description: Whether the server was, or would be, started or set to start at boot.
  returned: success
  type: bool
restarted:
  description: Whether the server was, or would be, restarted.
  returned: success
  type: bool
waiting:
  description: Paths of files without which the server can't start.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.openvpn_server import Server, WantedFile, apply
from ansible_collections.pacs.hardening.plugins.module_utils._io.wanted_files import difference
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._vpn.arguments import SERVER

FILE = {
    "path": {"type": "str", "required": True},
    "text": {"type": "str", "required": True},
    "mode": {"type": "str", "default": "0644"},
    "restarts": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "server": SERVER,
            "files": {"type": "list", "elements": "dict", "required": True, "options": FILE},
            "users": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    files = []
    for item in module.params["files"]:
        if not item["path"].startswith("/"):
            module.fail_json(msg=f"files: {item['path']} is not an absolute path")
        try:
            mode = int(item["mode"], 8)
        except ValueError:
            module.fail_json(msg=f"files: the mode {item['mode']} of {item['path']} is not octal; write it like '0644'")
        files.append(WantedFile(item["path"], item["text"], mode, item["restarts"]))
    names = ("unit", "owned", "management", "certificate", "private_key", "authority", "revocations", "settled")
    server = Server(**{name: module.params["server"][name] for name in names})
    try:
        outcome = apply(files, module.params["users"], server, module.check_mode)
    except HardeningError as exc:
        module.fail_json(msg=f"{exc}.")
    module.exit_json(
        changed=outcome.changed,
        files=[change.path for change in outcome.changes],
        ended=sorted({session.name for session in outcome.ended}),
        again=sorted({session.name for session in outcome.again}),
        started=outcome.started,
        restarted=outcome.restarted,
        waiting=list(outcome.waiting),
        diff=[difference(change.path, change.before, change.after) for change in outcome.changes],
    )


if __name__ == "__main__":
    main()
