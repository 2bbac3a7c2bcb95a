#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vendor_access
short_description: Say on a firewall which interventions may be granted, and by whom
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - An intervention is a conduit that is closed until somebody opens a window for it. This module writes a file for each
    one that passes through the firewall, the tool C(pacs-access) that opens and ends windows there without Ansible, and
    units that give back what is left of a window after a restart of the host.
  - Windows that are open stay as they are, whoever granted them; but those of interventions that the site no longer
    declares are ended, and their sessions cut.
  - The rules themselves come from M(pacs.hardening.nft_ruleset).
options:
  interventions:
    description:
      - Those of this firewall, as P(pacs.hardening.interventions#filter) or C(rulesets.NAME.interventions) of
        M(pacs.hardening.site_rulesets) give them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Its name, under which it is granted.
        type: str
        required: true
      from:
        description: The device that comes.
        type: str
        required: true
      to:
        description: The device that it comes to.
        type: str
        required: true
      what:
        description: Protocols and ports, for people.
        type: str
        required: true
      reason:
        description: What it is for.
        type: str
        required: true
      owner:
        description: Who answers for it.
        type: str
        required: true
      contract:
        description: Under which contract.
        type: str
        required: true
      longest_minutes:
        description: How long a window may be.
        type: int
        required: true
      on_call:
        description: Whether O(group) may grant it.
        type: bool
        default: false
      also:
        description: Other firewalls on its path, on which the window must be open as well.
        type: list
        elements: str
        default: []
      elements:
        description: What opens it here, lists of keys by the name of the set.
        type: dict
        required: true
  group:
    description:
      - Members of this group may grant, extend and revoke with C(sudo pacs-access) what O(interventions[].on_call)
        allows, and nothing else. Empty for nobody but root.
    type: str
    default: ""
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
  - module: pacs.hardening.vendor_window
  - module: pacs.hardening.vendor_windows_info
"""

EXAMPLES = r"""
- name: Prepare what may be granted on this firewall
  pacs.hardening.vendor_access:
    interventions: "{{ pacs_site | pacs.hardening.interventions(inventory_hostname) }}"
    group: pacs-oncall
  become: true
"""

RETURN = r"""
files:
  description: Files that were, or in check mode would be, written or removed.
  returned: success
  type: list
  elements: str
ended:
  description: Windows that were, or in check mode would be, ended, for the site no longer declares their intervention.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.access import prepare
from ansible_collections.pacs.hardening.plugins.module_utils._io.wanted_files import differences
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def main() -> None:
    texts = ("name", "from", "to", "what", "reason", "owner", "contract")
    module = AnsibleModule(
        argument_spec={
            "interventions": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    **{text: {"type": "str", "required": True} for text in texts},
                    "longest_minutes": {"type": "int", "required": True},
                    "on_call": {"type": "bool", "default": False},
                    "also": {"type": "list", "elements": "str", "default": []},
                    "elements": {"type": "dict", "required": True},
                },
            },
            "group": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    try:
        done = prepare(module.params["interventions"], module.params["group"], module.check_mode)
    except HardeningError as exc:
        module.fail_json(msg=f"{exc}.")
    for warning in done.warnings:
        module.warn(warning)
    module.exit_json(
        changed=done.changed,
        files=[change.wanted.path for change in done.changes],
        ended=[window.id for window in done.ended],
        diff=differences(done.changes),
    )


if __name__ == "__main__":
    main()
