#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vendor_window
short_description: Let a vendor in for a while, and out again
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Opens a window for an intervention that the site declares, makes one end later, or ends it at once. The kernel ends
    a window at its time, open sessions included; nothing of ours has to run for that.
  - After a restart of the host a window is open for no longer than its time of day says, and for no longer than was
    left of it when that was last written down.
  - Everything is recorded on the host, in C(/var/lib/pacs-hardening/access/history.log), and in the system's log.
options:
  state:
    description:
      - V(open) opens a window for O(name). It is no change where one is open already under the same O(ticket).
      - V(extended) makes window O(id) end O(minutes) from now. It is no change where it ends later than that.
      - V(closed) ends window O(id), or every one.
    type: str
    choices: [open, extended, closed]
    default: open
  name:
    description: The intervention. Needed to open a window.
    type: str
  id:
    description:
      - The window, V(all) to close every one.
      - Of a window that is opened it is what it will be called; the same on all firewalls of its path.
    type: str
    required: true
  minutes:
    description: How long it shall be open from now on. The site says how long it may be.
    type: int
  ticket:
    description: Under which number it is known elsewhere. Needed to open and to extend.
    type: str
  reason:
    description: Why. Needed to open and to extend.
    type: str
  by:
    description: Who grants it. Needed to open and to extend.
    type: str
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details:
      - What is open afterwards is returned.
  idempotent:
    support: full
notes:
  - Needs root, and M(pacs.hardening.vendor_access) before.
seealso:
  - module: pacs.hardening.vendor_access
  - module: pacs.hardening.vendor_windows_info
"""

EXAMPLES = r"""
- name: Let the vendor service the scanner for an hour
  pacs.hardening.vendor_window:
    name: vendor1-ct1-ssh
    id: 20261127-1-ct1
    minutes: 60
    ticket: INC-4711
    reason: gantry error 23
    by: Anna Example

- name: End it now
  pacs.hardening.vendor_window:
    id: 20261127-1-ct1
    state: closed
"""

RETURN = r"""
windows:
  description: What is open now.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The window.
      type: str
    name:
      description: The intervention.
      type: str
    ticket:
      description: As it was granted.
      type: str
    reason:
      description: As it was granted.
      type: str
    by:
      description: Who granted it.
      type: str
    granted:
      description: When, in seconds since 1970.
      type: int
    deadline:
      description: Until when, in seconds since 1970.
      type: int
    left:
      description: Seconds that the kernel still gives it.
      type: int
"""

from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.access import Wish, extend, grant, revoke, windows
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def main() -> None:
    of_a_window = ("minutes", "ticket", "reason", "by")
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["open", "extended", "closed"], "default": "open"},
            "name": {"type": "str"},
            "id": {"type": "str", "required": True},
            "minutes": {"type": "int"},
            "ticket": {"type": "str"},
            "reason": {"type": "str"},
            "by": {"type": "str"},
        },
        required_if=[("state", "open", ("name", *of_a_window)), ("state", "extended", of_a_window)],
        supports_check_mode=True,
    )
    given = module.params
    try:
        if given["state"] == "closed":
            changed = revoke(given["id"], module.check_mode)
        else:
            wish = Wish(
                given["name"] or "", 60 * given["minutes"], given["ticket"], given["reason"], given["by"], given["id"]
            )
            if given["state"] == "open":
                changed = grant(wish, module.check_mode)
            else:
                changed = extend(given["id"], wish, module.check_mode)
        now = windows()
    except HardeningError as exc:
        module.fail_json(msg=f"{exc}.")
    module.exit_json(changed=changed, windows=[asdict(window) for window in now])


if __name__ == "__main__":
    main()
