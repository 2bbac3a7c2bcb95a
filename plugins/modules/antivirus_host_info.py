#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: antivirus_host_info
short_description: Look at what would keep a scanner from watching, or from leaving images alone
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Looks at the directories that are to be watched and those that are to be left alone, at their mounts, links and
    sizes, and at the limits of the host. P(pacs.hardening.antivirus_findings#filter) judges what it returns.
  - Asks the daemon that runs how old its signatures are.
  - Nothing is opened but directories, and nothing is changed.
options:
  watched:
    description: Directories that are to be scanned on access.
    type: list
    elements: path
    default: []
  excluded:
    description: Directories that are to be left alone. They are not looked into.
    type: list
    elements: path
    default: []
  larger_than:
    description: Bytes above which a file is not scanned on access. Such files in watched directories are counted.
    type: int
    default: 209715200
  program:
    description: The program of an agent, whose presence is looked for.
    type: str
    default: clamd
  socket:
    description: The socket of clamd. Empty for another agent.
    type: str
    default: /run/clamav/clamd.ctl
  days:
    description: Days after which signatures are no longer fresh, from 1 to 365.
    type: int
    default: 7
  timeout:
    description: Seconds after which counting is given up, from 1 to 300.
    type: int
    default: 20
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
  idempotent:
    support: full
notes:
  - Needs root for a whole answer.
"""

EXAMPLES = r"""
- name: Look at the directories
  pacs.hardening.antivirus_host_info:
    watched: [/srv/import]
    excluded: [/var/lib/orthanc/db-v6]
  become: true
  register: looked

- name: Say what would go wrong there
  ansible.builtin.debug:
    msg: "{{ ['/var/lib/orthanc/db-v6'] | pacs.hardening.antivirus_findings(looked.host) | map(attribute='text') }}"
"""

RETURN = r"""
host:
  description: What P(pacs.hardening.antivirus_findings#filter) takes as C(host).
  returned: success
  type: dict
installed:
  description: Whether the program of the agent is there.
  returned: success
  type: bool
signatures:
  description:
    - What the daemon says that it has loaded, its C(engine), C(number) and C(dated), whether that is C(fresh), and the
      C(problem) if not. Without a date it is not. V(null) without O(socket).
  returned: success
  type: dict
retreated:
  description: Whether a test on this host found that scanning on access is too slow. The scanner doesn't start there.
  returned: success
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._antivirus.clamd import SOCKET
from ansible_collections.pacs.hardening.plugins.module_utils._io.antivirus_acceptance import Layout, has_retreated
from ansible_collections.pacs.hardening.plugins.module_utils._io.antivirus_places import places
from ansible_collections.pacs.hardening.plugins.module_utils._io.clamd import signatures
from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import find_program
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "watched": {"type": "list", "elements": "path", "default": []},
            "excluded": {"type": "list", "elements": "path", "default": []},
            "larger_than": {"type": "int", "default": 200 << 20},
            "program": {"type": "str", "default": "clamd"},
            "socket": {"type": "str", "default": SOCKET},
            "days": {"type": "int", "default": 7},
            "timeout": {"type": "int", "default": 20},
        },
        supports_check_mode=True,
    )
    options = module.params
    for name, most in (("timeout", 300), ("days", 365)):
        if not 1 <= options[name] <= most:
            module.fail_json(msg=f"{name} is {options[name]}; it must be from 1 to {most}")
    try:
        host = places(options["watched"], options["excluded"], options["larger_than"], options["timeout"])
    except HardeningError as exc:
        module.fail_json(msg=f"{exc}.")
    module.exit_json(
        changed=False,
        host=host,
        installed=find_program(options["program"]) is not None,
        signatures=signatures(options["socket"], options["days"]) if options["socket"] else None,
        retreated=has_retreated(Layout()),
    )


if __name__ == "__main__":
    main()
