#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: antivirus_acceptance
short_description: Accept a scanner on a device by what it costs the images, or do without it
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Writes, opens and reads files in a scratch folder of its own inside each image directory, and opens and reads some
    of the images that are there, in turns without the scanner on access and with it.
  - Where a rate with it falls below O(limit) of the one without it, or an image can't be opened, the scanner on access
    is stopped and kept from starting again, also at the next boot. The scheduled scan is left.
  - The result is kept on the host in C(/var/lib/pacs-hardening/antivirus/acceptance.json), with date and rates.
  - A result holds for the configuration with which it was found. While that is the same, nothing is tried again.
  - It stops the scanner for some seconds, and takes the disk for as long. It is never run unless somebody asks for it.
  - Images are never changed. If it is interrupted, the scanner is as before.
options:
  directories:
    description: Image directories.
    type: list
    elements: path
    required: true
  limit:
    description: The share of a rate that must be left with the scanner, from 0.05 to 1.
    type: float
    default: 0.8
  files:
    description: Files of its own in each directory, from 10 to 500.
    type: int
    default: 100
  kilobytes:
    description: Size of each, from 16 to 4096.
    type: int
    default: 512
  rounds:
    description: Times that both are measured, from 2 to 9. Of each rate the best round counts.
    type: int
    default: 3
  again:
    description: Whether to measure though there is a result for this configuration.
    type: bool
    default: false
  unit:
    description: The systemd unit that scans on access.
    type: str
    default: clamav-clamonacc.service
  configuration:
    description: The file with its configuration.
    type: path
    default: /etc/clamav/clamd.conf
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
    details: In check mode nothing is measured.
  diff_mode:
    support: N/A
  idempotent:
    support: full
    details: While the configuration is the same, unless O(again) is set.
notes:
  - Needs root, and systemd.
"""

EXAMPLES = r"""
- name: Accept the scanner on an archive, or do without it
  pacs.hardening.antivirus_acceptance:
    directories: [/var/lib/orthanc/db-v6]
    limit: 0.85
  become: true
  register: acceptance
"""

RETURN = r"""
accepted:
  description: Whether the scanner is accepted. V(null) where nothing is known yet, in check mode.
  returned: success
  type: bool
findings:
  description: Why it isn't, a sentence each.
  returned: success
  type: list
  elements: str
  sample: ["/var/lib/orthanc/db-v6: read is 0.012 of what it is without it, and 0.8 was declared."]
verified_on_site:
  description:
    - The result as a vendor profile keeps it, with C(date), C(limit), C(accepted), and for each of the C(places) the
      C(directory), the rates C(without) and C(with) the scanner in files a second (C(write), C(open), C(read) and
      C(images)), their C(ratios), and how many images were C(refused).
    - V(null) where nothing is known yet.
  returned: success
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.antivirus_acceptance import (
    Layout,
    Scanner,
    Unit,
    accept,
    digest_of,
    kept,
)
from ansible_collections.pacs.hardening.plugins.module_utils._io.antivirus_rates import Load
from ansible_collections.pacs.hardening.plugins.module_utils._io.systemd import is_running
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

SECONDS = 20.0
BOUNDS = {"limit": (0.05, 1), "files": (10, 500), "kilobytes": (16, 4096), "rounds": (2, 9)}


def returned(record: dict[str, Any] | None, changed: bool) -> dict[str, Any]:
    if record is None:
        return {"changed": changed, "accepted": None, "findings": [], "verified_on_site": None}
    site = {name: record.get(name) for name in ("date", "limit", "accepted", "places")}
    return {
        "changed": changed,
        "accepted": record.get("accepted"),
        "findings": record.get("findings") or [],
        "verified_on_site": site,
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "directories": {"type": "list", "elements": "path", "required": True},
            "limit": {"type": "float", "default": 0.8},
            "files": {"type": "int", "default": 100},
            "kilobytes": {"type": "int", "default": 512},
            "rounds": {"type": "int", "default": 3},
            "again": {"type": "bool", "default": False},
            "unit": {"type": "str", "default": "clamav-clamonacc.service"},
            "configuration": {"type": "path", "default": "/etc/clamav/clamd.conf"},
        },
        supports_check_mode=True,
    )
    options = module.params
    for name, (least, most) in BOUNDS.items():
        if not least <= options[name] <= most:
            module.fail_json(msg=f"{name} is {options[name]}; it must be from {least} to {most}")
    if not options["directories"]:
        module.fail_json(msg="directories is empty; name the image directories")
    layout = Layout()
    try:
        known = kept(layout)
        same = known is not None and known.get("configuration") == digest_of(options["configuration"])
        if same and known is not None and not options["again"]:
            module.exit_json(**returned(known, False))
        if module.check_mode:
            module.exit_json(**returned(None, True))
        if not is_running():
            module.fail_json(msg="systemd doesn't run on this host, and nothing else starts the scanner here.")
        record = accept(
            Scanner(Unit(options["unit"]), layout),
            options["directories"],
            Load(options["files"], options["kilobytes"] << 10, SECONDS),
            options["rounds"],
            options["limit"],
            options["configuration"],
            layout,
        )
    except HardeningError as exc:
        module.fail_json(msg=f"{exc}.")
    module.exit_json(**returned(record, True))


if __name__ == "__main__":
    main()
