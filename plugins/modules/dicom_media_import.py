#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dicom_media_import
short_description: Copy a medium into a landing directory if it may be imported, and keep the receipt
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Judges a medium as M(pacs.hardening.dicom_media_info) does. Only if the verdict is V(import), its DICOMDIR and the
    files that it names are copied into a new folder of O(landing); nothing else of it ever is.
  - The folder appears at once and whole, or not at all. The copies are judged once more before it does, because a
    medium may answer differently each time it is read. Files have mode V(0640), folders V(0750).
  - A quarantined medium stays as it is; nothing of it is copied. The receipt says why, and is kept.
  - The same content is imported once. While there is a receipt of it with the same verdict, nothing is copied again.
options:
  landing:
    description: The directory from which images are imported. It must exist, and not everybody may write to it.
    type: path
    required: true
  owner:
    description: User, by name or number, to whom the copies belong. By default, to who runs this.
    type: str
  group:
    description: Group, by name or number, that may read the copies.
    type: str
  receipts:
    description: Folder for the receipts, for root alone.
    type: path
    default: /var/lib/pacs-hardening/media_receipts
extends_documentation_fragment:
  - pacs.hardening.attributes
  - pacs.hardening.media
attributes:
  check_mode:
    support: full
    details: In check mode the medium is judged, and nothing is copied or kept.
  diff_mode:
    support: full
    details: It shows the receipt.
  idempotent:
    support: full
notes:
  - It doesn't fail on a medium that isn't imported. Ask RV(verdict), see the example.
  - Whatever imports from O(landing) should leave out folders whose name begins with a dot. One is there, for root
    alone, while a medium is copied.
seealso:
  - module: pacs.hardening.dicom_media_info
"""

EXAMPLES = r"""
- name: Import the disc in the drive
  pacs.hardening.dicom_media_import:
    medium: /media/cd
    landing: /srv/import
    group: orthanc
    label: ticket 4711
  become: true
  register: disc

- name: Insist
  ansible.builtin.assert:
    that: disc.verdict == 'import'
    fail_msg: "{{ disc.text }}"
"""

RETURN = r"""
verdict:
  description: V(import), V(quarantine) or V(not_assessed).
  returned: success
  type: str
text:
  description: The receipt for people.
  returned: success
  type: str
receipt:
  description: The receipt for programs, as M(pacs.hardening.dicom_media_info) returns it. Its C(copied) says what was
    copied in this run, C(to) where, C(files) and C(bytes).
  returned: success
  type: dict
receipt_file:
  description: Where the receipt is kept; V(null) in check mode where there is none yet. The one for people lies beside
    it, as C(.txt).
  returned: success
  type: str
"""

import grp
import pwd
from collections.abc import Callable
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.arguments import ARGUMENTS, fault
from ansible_collections.pacs.hardening.plugins.module_utils._io.media import imported, wanted
from ansible_collections.pacs.hardening.plugins.module_utils._io.medium_copy import Landing
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def number_of(name: str | None, what: str, known: Callable[[str], Any]) -> int:
    """The number of a user or a group; -1 for none."""
    if name is None:
        return -1
    if name.isdecimal():
        return int(name)
    try:
        return int(known(name)[2])
    except KeyError:
        raise HardeningError(f"there is no {what} {name} on this host") from None


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "landing": {"type": "path", "required": True},
            "owner": {"type": "str"},
            "group": {"type": "str"},
            "receipts": {"type": "path", "default": "/var/lib/pacs-hardening/media_receipts"},
        },
        supports_check_mode=True,
    )
    options = module.params
    wrong = fault(options)
    if wrong:
        module.fail_json(msg=wrong)
    try:
        landing = Landing(
            options["landing"],
            number_of(options["owner"], "user", pwd.getpwnam),
            number_of(options["group"], "group", grp.getgrnam),
        )
        found = imported(wanted(options), landing, options["receipts"], module.check_mode)
    except HardeningError as exc:
        module.fail_json(msg=f"{exc}.")
    diff = {"before": "", "after": found["text"] if found["changed"] else "", "after_header": "receipt"}
    module.exit_json(diff=diff, **found)


if __name__ == "__main__":
    main()
