#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: antivirus_agent
short_description: Put an antivirus agent's files in place, and have it run with them
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Writes the files that P(pacs.hardening.antivirus_files#filter) renders, whole, and starts, restarts or stops the
    agent's systemd units, each only where something changed for it.
  - A file whose text is V(null) is removed. Files that are to be handed over are not written.
  - A unit whose own condition is not met, such as a scanner without signatures, is named in RV(waiting). One that
    breaks fails the task.
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
        description: Its content. Without one, and without O(files[].program), there must be no such file.
        type: str
      program:
        description: A program of the collection, whose text is its content. There is V(antivirus_scan).
        type: str
      mode:
        description: Its permissions, in octal. It belongs to root.
        type: str
        default: '0644'
      unit:
        description: The systemd unit that reads it at its start.
        type: str
      applied:
        description: Whether it belongs on the host. V(false) for what is to be handed over.
        type: bool
        default: true
  running:
    description: Units that must run, and start at boot.
    type: list
    elements: str
    default: []
  stopped:
    description: Units that must neither run nor start at boot.
    type: list
    elements: str
    default: []
  patience:
    description: Seconds for which a unit whose condition is not met is tried again, from 0 to 300.
    type: int
    default: 20
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
  - The agent's package must be installed. In check mode it need not be.
seealso:
  - plugin: pacs.hardening.antivirus_files
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Configure ClamAV, and have it run
  pacs.hardening.antivirus_agent:
    files: "{{ rendered.files }}"
    running: "{{ rendered.running }}"
    stopped: "{{ rendered.stopped }}"
  become: true
  vars:
    rendered: "{{ {'host': 'pacs1', 'watched': ['/srv/import']} | pacs.hardening.antivirus_files('clamav') }}"
"""

RETURN = r"""
files:
  description: Paths of the files that were, or would be, written or removed.
  returned: success
  type: list
  elements: str
  sample: [/etc/clamav/clamd.conf]
restarted:
  description: Units that were, or would be, started again because a file of theirs changed.
  returned: success
  type: list
  elements: str
started:
  description: Units that were, or would be, started or set to start at boot.
  returned: success
  type: list
  elements: str
stopped_units:
  description: Units that were, or would be, stopped or kept from starting at boot.
  returned: success
  type: list
  elements: str
waiting:
  description: Sentences on units that do not run because their own condition is not met.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.agent import PROGRAMS, apply, program_text
from ansible_collections.pacs.hardening.plugins.module_utils._io.wanted_files import WantedFile, differences
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "files": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "path": {"type": "str", "required": True},
                    "text": {"type": "str"},
                    "program": {"type": "str"},
                    "mode": {"type": "str", "default": "0644"},
                    "unit": {"type": "str"},
                    "applied": {"type": "bool", "default": True},
                },
            },
            "running": {"type": "list", "elements": "str", "default": []},
            "stopped": {"type": "list", "elements": "str", "default": []},
            "patience": {"type": "int", "default": 20},
        },
        supports_check_mode=True,
    )
    patience = module.params["patience"]
    if not 0 <= patience <= 300:
        module.fail_json(msg=f"patience is {patience}; it must be from 0 to 300 seconds")
    files = []
    for item in module.params["files"]:
        if not item["applied"]:
            continue
        if not item["path"].startswith("/"):
            module.fail_json(msg=f"files: {item['path']} is not an absolute path")
        try:
            mode = int(item["mode"], 8)
        except ValueError:
            module.fail_json(msg=f"files: the mode {item['mode']} of {item['path']} is not octal; write it like '0644'")
        if item["program"] and item["program"] not in PROGRAMS:
            module.fail_json(msg=f"files: there is no program {item['program']}; there is {', '.join(PROGRAMS)}")
        text = program_text(item["program"]) if item["program"] else item["text"]
        files.append(WantedFile(item["path"], text, mode, item["unit"]))
    try:
        outcome = apply(files, module.params["running"], module.params["stopped"], patience, module.check_mode)
    except HardeningError as exc:
        module.fail_json(msg=f"{exc}.")
    module.exit_json(
        changed=outcome.changed,
        files=[change.wanted.path for change in outcome.changes],
        restarted=list(outcome.restarted),
        started=list(outcome.started),
        stopped_units=list(outcome.stopped),
        waiting=list(outcome.waiting),
        diff=differences(outcome.changes),
    )


if __name__ == "__main__":
    main()
