#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: removable_media
short_description: Shut USB storage off, or mount media so that nothing on them runs
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Writes rules for udev by which USB storage, cameras and telephones get no driver, unless the host is an import
    station or a device is permitted, and by which no desktop mounts, shows or starts what is on a USB or an optical
    drive.
  - Writes a mount unit for each medium that is to be imported, C(ro,noexec,nosuid,nodev). It is started by whoever
    imports, never by itself.
  - It refuses, and changes nothing, where the host itself runs on USB storage that would be shut off.
  - It takes effect for devices that are plugged in from then on, and for all at the next start.
options:
  station:
    description: Whether the host is an import station, on which USB storage may be plugged in.
    type: bool
    default: false
  permitted:
    description: USB devices that may be used in spite of all, such as the disk that a device starts from.
    type: list
    elements: dict
    default: []
    suboptions:
      vendor:
        description: Number of the vendor, four hexadecimal digits as C(lsusb) shows them.
        type: str
        required: true
      product:
        description: Number of the product.
        type: str
        required: true
      serial:
        description: Serial number, if only that one is meant.
        type: str
  mounts:
    description: What may be mounted where.
    type: list
    elements: dict
    default: []
    suboptions:
      device:
        description:
          - A block device, best one below C(/dev/disk/by-path), which names a drive or a port and not what is in it.
          - A folder is shown once more at O(mounts[].where), so that what arrives there is treated like a medium.
        type: str
        required: true
      where:
        description: Where it is mounted, such as C(/media/cd).
        type: str
        required: true
      filesystem:
        description: Kind of file system. V(auto) tries those that the kernel knows.
        type: str
        default: auto
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
  - Needs root.
seealso:
  - module: pacs.hardening.dicom_media_import
"""

EXAMPLES = r"""
- name: A viewer, into which nobody plugs a stick
  pacs.hardening.removable_media:
  become: true

- name: An import station
  pacs.hardening.removable_media:
    station: true
    mounts:
      - device: /dev/sr0
        where: /media/cd
      - device: /dev/disk/by-path/pci-0000:00:14.0-usb-0:2:1.0-scsi-0:0:0:0-part1
        where: /media/stick
  become: true
"""

RETURN = r"""
files:
  description: Files that were, or in check mode would be, written or removed.
  returned: success
  type: list
  elements: str
  sample: [/etc/udev/rules.d/70-pacs-removable-media.rules]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.removable_media import apply
from ansible_collections.pacs.hardening.plugins.module_utils._io.wanted_files import differences
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._removable_media.policy import faults, policy


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "station": {"type": "bool", "default": False},
            "permitted": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "vendor": {"type": "str", "required": True},
                    "product": {"type": "str", "required": True},
                    "serial": {"type": "str"},
                },
            },
            "mounts": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "device": {"type": "str", "required": True},
                    "where": {"type": "str", "required": True},
                    "filesystem": {"type": "str", "default": "auto"},
                },
            },
        },
        supports_check_mode=True,
    )
    station, permitted, mounts = (module.params[name] for name in ("station", "permitted", "mounts"))
    wrong = faults(permitted, mounts)
    if wrong:
        module.fail_json(msg=" ".join(wrong))
    try:
        changes = apply(policy(station, permitted, mounts), module.check_mode)
    except HardeningError as exc:
        module.fail_json(msg=f"{exc}.")
    module.exit_json(
        changed=bool(changes),
        files=[change.wanted.path for change in changes],
        diff=differences(changes),
    )


if __name__ == "__main__":
    main()
