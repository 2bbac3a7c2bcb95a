#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: leftover_units
short_description: End units of what is left over of remote access
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Stops, disables and masks units that M(pacs.hardening.host_evidence_info) finds to be left over of remote access,
    such as a VNC server or a login over a serial line, and that are named here. Nothing else is touched.
  - Fails, before anything is changed, where a named unit runs or begins by itself and is nothing of that kind.
  - A unit whose file stands in C(/etc/systemd/system) can't be masked; it is stopped and disabled, and its file is
    named.
options:
  names:
    description: Names of units, as control VPN-07 reports them. One that isn't there, or has ended, is fine.
    type: list
    elements: str
    required: true
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
notes:
  - Needs root and systemd.
  - What runs in a session of somebody, or was started by a crontab, has no unit of its own. The report says how it is
    removed.
seealso:
  - module: pacs.hardening.host_evidence_info
"""

EXAMPLES = r"""
- name: Nobody shows this screen elsewhere any more
  pacs.hardening.leftover_units:
    names: [x11vnc.service]
  become: true
"""

RETURN = r"""
ended:
  description: The units that were ended, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [x11vnc.service]
files:
  description: Files of such units that keep them from being masked. Remove them.
  returned: success
  type: list
  elements: str
  sample: [/etc/systemd/system/x11vnc.service]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Unreadable
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host
from ansible_collections.pacs.hardening.plugins.module_utils._io.leftover_units import end_units
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def main() -> None:
    module = AnsibleModule(
        argument_spec={"names": {"type": "list", "elements": "str", "required": True}}, supports_check_mode=True
    )
    try:
        ended = end_units(module.params["names"], Host(), module.check_mode)
    except (HardeningError, Unreadable) as exc:
        module.fail_json(msg=str(exc))
    before = "".join(f"{unit}\n" for unit in ended.units)
    after = "".join(f"{unit.name}: ended\n" for unit in ended.units)
    module.exit_json(
        changed=bool(ended.units),
        ended=[unit.name for unit in ended.units],
        files=list(ended.files),
        diff={"before": before, "after": after},
    )


if __name__ == "__main__":
    main()
