#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vendor_windows_info
short_description: List the windows that are open for vendors
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Reads on a firewall which windows are open, and how much of each the kernel still gives. It changes nothing, and
    finds none on a host that has none of our files.
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
    details:
      - It changes nothing.
  idempotent:
    support: full
notes:
  - Needs root.
seealso:
  - module: pacs.hardening.vendor_window
"""

EXAMPLES = r"""
- name: Who may come in at the moment?
  pacs.hardening.vendor_windows_info:
  become: true
  register: windows
"""

RETURN = r"""
windows:
  description: Those that are open, as M(pacs.hardening.vendor_window) returns them.
  returned: success
  type: list
  elements: dict
"""

from dataclasses import asdict

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.access import windows
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    try:
        found = windows()
    except HardeningError as exc:
        module.fail_json(msg=f"{exc}.")
    module.exit_json(changed=False, windows=[asdict(window) for window in found])


if __name__ == "__main__":
    main()
