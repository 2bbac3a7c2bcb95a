#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dicom_media_info
short_description: Judge a CD, a DVD or a stick with images before anything of it is imported
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Looks at every file of a mounted medium, and says whether it may be imported (V(import)), must not (V(quarantine)),
    or could not be judged whole (V(not_assessed)), with the reasons.
  - A medium may be imported if its DICOMDIR can be read and agrees with the files, if there are no programs, scripts,
    archives, files by which desktops start programs, links, or names that deceive, if no DICOM file is something else
    too (CVE-2019-11687) or carries a document that acts by itself, and if the virus scanner has looked at every file.
  - Before it relies on clamd it hands over the harmless test file of EICAR, which must be found. Tell those who watch
    your alarms.
  - Nothing is written, neither to the medium nor to the host. No link is followed, and nothing but files is opened.
  - The receipt holds counts, kinds and hashes of contents, and nothing that was read. Whoever has the medium finds a
    file by its hash.
  - The host needs nothing but Python.
extends_documentation_fragment:
  - pacs.hardening.attributes
  - pacs.hardening.media
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
  idempotent:
    support: full
notes:
  - Mount a medium C(ro,noexec,nosuid,nodev), as the role P(pacs.hardening.removable_media#role) does. The receipt names
    what is missing of that.
  - Use M(pacs.hardening.dicom_media_import) to import. A medium may answer differently when it is read again; that
    module judges what it has copied, too.
seealso:
  - module: pacs.hardening.dicom_media_import
  - module: pacs.hardening.dicom_files_info
"""

EXAMPLES = r"""
- name: Judge the disc in the drive
  pacs.hardening.dicom_media_info:
    medium: /media/cd
    label: ticket 4711
  become: true
  register: disc

- name: Show the receipt
  ansible.builtin.debug:
    msg: "{{ disc.text }}"
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
  description: The receipt for programs.
  returned: success
  type: dict
  contains:
    receipt:
      description: Version of this form, V(1).
      type: int
    host:
      description: Who judged it.
      type: str
    label:
      description: What people call the medium.
      type: str
    judged:
      description: When, in UTC.
      type: str
    medium:
      description: Its C(digest), which stands for all paths and contents, C(files), C(folders), C(bytes), C(dicom)
        (DICOM files), C(records) of its DICOMDIR, C(referenced) files, C(filesystem), and which of C(ro), C(noexec),
        C(nosuid) and C(nodev) it is C(mounted_without).
      type: dict
    verdict:
      description: As above.
      type: str
    reasons:
      description: For what it is quarantined. Each has a C(kind), a detail C(what), C(says) in words, a C(count), and
        C(sha256) of at most 20 of the files.
      type: list
      elements: dict
    tolerated:
      description: What O(tolerate) permits, like the reasons.
      type: list
      elements: dict
    noted:
      description: What was seen and doesn't matter, like the reasons.
      type: list
      elements: dict
    not_assessed:
      description: What could not be judged, a sentence each.
      type: list
      elements: str
    antivirus:
      description: Its C(status), V(assessed) or V(not_assessed), with a C(reason), C(engine), C(signatures_dated) and
        how many files were C(scanned).
      type: dict
    copied:
      description: What was copied C(to) where, C(files) and C(bytes); V(null) for nothing.
      type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_media.arguments import ARGUMENTS, fault
from ansible_collections.pacs.hardening.plugins.module_utils._io.media import judged, wanted
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def main() -> None:
    module = AnsibleModule(argument_spec=dict(ARGUMENTS), supports_check_mode=True)
    wrong = fault(module.params)
    if wrong:
        module.fail_json(msg=wrong)
    try:
        found = judged(wanted(module.params))
    except HardeningError as exc:
        module.fail_json(msg=f"{exc}.")
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
