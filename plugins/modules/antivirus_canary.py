#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: antivirus_canary
short_description: Show with test files what an antivirus agent really does
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Puts the antivirus test file of EICAR, which harms nothing, into watched directories, where it must be found, and
    into excluded ones, where it must be left alone. Each is taken away again at once, also when the module is stopped.
  - A daemon that lives and doesn't watch, and an exclusion that looks like one and isn't, are found by nothing else.
  - It is never run unless somebody asks for it. Tell those who watch your alarms before.
  - Into an image store a test file is put only if it is named in O(inside).
options:
  outside:
    description: Directories that are watched, in which the test file must be found.
    type: list
    elements: path
    default: []
  inside:
    description: Directories that are excluded, in which the test file must be left alone.
    type: list
    elements: path
    default: []
  refuses:
    description:
      - Whether the agent refuses to open what it finds.
      - Otherwise it only reports, and O(log) is looked through.
    type: bool
    default: false
  log:
    description: Where an agent that only reports writes what it finds.
    type: path
    default: /var/log/clamav/clamonacc.log
  socket:
    description: The socket of clamd, which is asked to scan the test file, too. Empty for another agent.
    type: str
    default: /run/clamav/clamd.ctl
  timeout:
    description: Seconds in which something must be found, from 1 to 120, for each directory.
    type: int
    default: 15
  record:
    description:
      - File on the host in which the result is kept, with its date, for root alone.
      - The compliance report takes it as the evidence of AV-03. Empty keeps nothing.
    type: str
    default: /var/lib/pacs-hardening/antivirus/canary.json
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
    details: In check mode nothing is tried, nothing is proven, and nothing is kept.
  diff_mode:
    support: N/A
  idempotent:
    support: full
notes:
  - Needs root.
"""

EXAMPLES = r"""
- name: Show that the scanner watches the import folder and leaves the images alone
  pacs.hardening.antivirus_canary:
    outside: [/srv/import]
    inside: [/var/lib/orthanc/db-v6]
    refuses: true
  become: true
  register: canary

- name: Insist
  ansible.builtin.assert:
    that: canary.proven
    fail_msg: "{{ canary.findings | join(' ') }}"
"""

RETURN = r"""
proven:
  description: Whether everything was as it should be. V(null) in check mode, in which nothing is tried.
  returned: success
  type: bool
findings:
  description: What was not, a sentence each.
  returned: success
  type: list
  elements: str
  sample: ["/srv/import is not watched: the test file was opened."]
engine:
  description: What clamd answered when the test file was handed over to it.
  returned: success
  type: str
  sample: "stream: Eicar-Test-Signature FOUND"
tried:
  description: >-
    Each directory with its C(place) (V(outside) or V(inside) an exclusion), what was C(seen), and whether that is
    C(right).
  returned: success
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.clamd import SOCKET
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.antivirus import CANARY_RECORD
from ansible_collections.pacs.hardening.plugins.module_utils._io.canary import (
    Tried,
    engine_finds,
    keep,
    try_directories,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def finding(tried: Tried) -> str:
    if tried.inside:
        return f"{tried.directory} is not left alone: the test file was {tried.seen}."
    return f"{tried.directory} is not watched: the test file was {tried.seen}."


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "outside": {"type": "list", "elements": "path", "default": []},
            "inside": {"type": "list", "elements": "path", "default": []},
            "refuses": {"type": "bool", "default": False},
            "log": {"type": "path", "default": "/var/log/clamav/clamonacc.log"},
            "socket": {"type": "str", "default": SOCKET},
            "timeout": {"type": "int", "default": 15},
            "record": {"type": "str", "default": CANARY_RECORD},
        },
        supports_check_mode=True,
    )
    options = module.params
    if not 1 <= options["timeout"] <= 120:
        module.fail_json(msg=f"timeout is {options['timeout']}; it must be from 1 to 120 seconds")
    if module.check_mode:
        module.exit_json(changed=False, proven=None, findings=[], engine="", tried=[])
    try:
        lives, said = engine_finds(options["socket"], options["timeout"]) if options["socket"] else (True, "")
        log = None if options["refuses"] else options["log"]
        tried = try_directories(options["outside"], options["inside"], log, options["timeout"])
        findings = [] if lives else [f"The scanner doesn't find the test file when it is handed over: {said}."]
        findings += [finding(one) for one in tried if not one.right]
        if options["record"]:
            keep(options["record"], not findings, findings, tried)
    except HardeningError as exc:
        module.fail_json(msg=f"{exc}.")
    module.exit_json(
        changed=False, proven=not findings, findings=findings, engine=said, tried=[one.document() for one in tried]
    )


if __name__ == "__main__":
    main()
