#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dicom_files_info
short_description: Look through image stores and import folders for what an antivirus exclusion would hide
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Finds DICOM files that are programs, scripts or archives, too (CVE-2019-11687), files that aren't DICOM, files with
    permission to be executed, encapsulated documents that act by themselves, and mounts that allow execution. TIFF
    headers in the preamble are legitimate, and not reported.
  - It changes nothing in a store, leaves the times of last access alone, follows no links, opens nothing but regular
    files, and steps back for everybody else who wants the processor or the disk.
  - Names of files and folders often are names of patients. A report speaks of a file by a hash of its path, made with a
    key that stays on the host; the path itself comes only with O(show_paths).
  - One run goes on for O(time_limit) seconds. What it has done is kept in O(state_directory), and the next run goes on
    from there, even if this one was killed. Once a pass is complete, the next one reads only files that have changed.
  - The host needs nothing but Python. Where pydicom is installed for it, a deep look also tells private elements that
    makers describe from others.
options:
  paths:
    description: Folders to look through, at least one. Each is a store of its own.
    type: list
    elements: path
    required: true
  deep:
    description:
      - Whether to look into the whole structure of each DICOM file, too, for what private elements carry, and for what
        lies behind the end of the data set.
      - Without it, the first bytes are looked at, and documents only in files whose header says that they hold one.
    type: bool
    default: false
  time_limit:
    description: Seconds after which a run ends, from 1 to 86400. It always gets a little further than the one before.
    type: float
    default: 600
  findings_limit:
    description: How many findings of a store are listed, from 0 to 10000, the worst first. All are counted.
    type: int
    default: 100
  show_paths:
    description:
      - Whether findings come with the path of their file below the store. Paths may hold names of patients, and so does
        then the output, and the state until the pass is complete.
    type: bool
    default: false
  remember:
    description: Whether to keep and to use a state. Without it, every run reads everything, and one that ends early
      begins anew.
    type: bool
    default: true
  state_directory:
    description: Folder for the state, outside of all stores; only its owner can look into it. It takes about 60 bytes
      for each folder and for each 500 files.
    type: path
    default: /var/lib/pacs-hardening/dicom_files
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
    details:
      - In check mode the state is used, but not written. A run that ends early begins anew.
  diff_mode:
    support: N/A
  idempotent:
    support: full
notes:
  - To see how far a long pass is, repeat the task with C(until), see the example; each run returns its
    RV(stores[].progress). Every half minute a run also writes it to the host's log.
  - The stores of one task share its time. The task is complete when all of them are in the same run, so give each store
    that takes longer than O(time_limit) a task of its own.
  - A store that can't be opened, and files that can't be read, are said so, and are no sign that all is well.
  - Of any 1,000 files that lie together, at most 20 findings of each severity are listed.
"""

EXAMPLES = r"""
- name: Look through the archive, ten minutes at a time
  pacs.hardening.dicom_files_info:
    paths:
      - /var/lib/orthanc/db-v6
      - /srv/import
    time_limit: 600
  become: true
  register: scan
  until: scan.complete
  retries: 50
  delay: 5

- name: Show what was found
  ansible.builtin.debug:
    msg: "{{ scan.stores | map(attribute='summary') }}"

- name: Name the files, for the one who clears them up
  pacs.hardening.dicom_files_info:
    paths: [/srv/import]
    deep: true
    show_paths: true
  become: true
"""

RETURN = r"""
complete:
  description: Whether the passes over all stores that could be opened are complete. Otherwise, run it again.
  returned: success
  type: bool
priority:
  description: Whether the run could step back for others, for the C(processor) and for the C(disk).
  returned: success
  type: dict
  sample: {processor: true, disk: true}
private_dictionary:
  description: Whether private elements were compared with what makers describe.
  returned: success
  type: dict
  contains:
    status:
      description: V(assessed) or V(not_assessed).
      type: str
    reason:
      description: Why not; V(null) if it was.
      type: str
  sample: {status: not_assessed, reason: only a deep look does}
stores:
  description: A result for each path, in their order.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The path that was asked for.
      type: str
    status:
      description: V(assessed), or V(not_assessed) with a RV(stores[].reason). Then there is nothing but
        RV(stores[].summary) and RV(stores[].complete).
      type: str
    reason:
      description: Why the store could not be looked at.
      type: str
    complete:
      description: Whether the pass is complete.
      type: bool
    summary:
      description: The result in a line.
      type: str
    note:
      description: What happened to the state, if anything did.
      type: str
    progress:
      description:
        - C(started), when this pass began, and C(last_complete), when a complete one ended, both in UTC; C(files), how
          many it has seen so far; C(files_of_last_pass), how many the last complete one saw. V(null) if there was none.
        - Of this run C(seconds), how long it took; C(read), how many files it read; C(unchanged), how many it knew from
          before.
      type: dict
    counts:
      description:
        - C(files) (regular ones), C(folders), C(symbolic_links) and C(special_files).
        - By content, C(dicom), C(without_header) (a data set without the header of a DICOM file), C(not_dicom) and
          C(empty). Of C(dicom), C(tiff_preambles) and C(other_preambles) (neither empty nor TIFF; harmless unless there
          is a finding).
        - Of files that were looked into deeply, C(followed), whose whole structure was understood, and
          C(not_followed); C(truncated); C(padded), zeros behind the end; C(documents), encapsulated ones;
          C(private_payloads), private binary values of 1 KB or more, and of those C(private_unknown), which aren't in
          the dictionary.
      type: dict
    not_read:
      description: How many files or folders could not be read, by reason, such as C(vanished) or C(not_permitted).
      type: dict
    findings:
      description: What was found, the worst first.
      type: list
      elements: dict
      contains:
        object:
          description: Stands for the file; the same in every run on this host.
          type: str
        path:
          description: Path below the store with O(show_paths), with escapes for bytes that can't be printed.
          type: str
        kind:
          description: Kind of finding.
          type: str
        severity:
          description: V(high), V(medium) or V(low).
          type: str
        what:
          description: The detail, such as the format of a program.
          type: str
        says:
          description: The finding in words.
          type: str
    findings_left_out:
      description: How many findings aren't listed.
      type: int
    by_kind:
      description: How many findings there are of each kind.
      type: dict
    by_severity:
      description: How many findings there are of each severity.
      type: dict
    mounts:
      description: The mount on which the store lies, and those below it; V(null) if the host doesn't say.
      type: list
      elements: dict
      contains:
        point:
          description: Where it is mounted. For one below the store, like the path of a file.
          type: str
        filesystem:
          description: Kind of filesystem.
          type: str
        lacks:
          description: Which of C(noexec), C(nosuid) and C(nodev) it is mounted without.
          type: list
          elements: str
  sample:
    - path: /srv/import
      status: assessed
      reason: null
      complete: true
      summary: '12031 files; findings: 1 high; 2 could not be read'
      note: null
      progress:
        started: '2026-11-27T03:00:00Z'
        last_complete: '2026-11-27T03:00:00Z'
        seconds: 0.21
        files: 12031
        files_of_last_pass: 12030
        read: 217
        unchanged: 11814
      counts: {files: 12031, folders: 120, dicom: 12031}
      not_read: {not_permitted: 2}
      findings:
        - object: 9d3f0c51a2b4e677
          path: null
          kind: preamble_program
          severity: high
          what: pe
          says: a DICOM file that is a program, too (pe)
      findings_left_out: 0
      by_kind: {preamble_program: 1}
      by_severity: {high: 1, medium: 0, low: 0}
      mounts:
        - {point: /srv, filesystem: ext4, lacks: [noexec]}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._io.dicom_files import Scan, scan_stores
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "paths": {"type": "list", "elements": "path", "required": True},
            "deep": {"type": "bool", "default": False},
            "time_limit": {"type": "float", "default": 600},
            "findings_limit": {"type": "int", "default": 100},
            "show_paths": {"type": "bool", "default": False},
            "remember": {"type": "bool", "default": True},
            "state_directory": {"type": "path", "default": "/var/lib/pacs-hardening/dicom_files"},
        },
        supports_check_mode=True,
    )
    wanted = module.params
    if not wanted["paths"]:
        module.fail_json(msg="paths is empty; name at least one folder, nothing was looked at")
    if not 1 <= wanted["time_limit"] <= 86400:
        module.fail_json(msg=f"time_limit is {wanted['time_limit']:g}; it must be from 1 to 86400 seconds")
    if not 0 <= wanted["findings_limit"] <= 10000:
        module.fail_json(msg=f"findings_limit is {wanted['findings_limit']}; it must be from 0 to 10000")
    scan = Scan(
        deep=wanted["deep"],
        show_paths=wanted["show_paths"],
        findings=wanted["findings_limit"],
        state_directory=wanted["state_directory"] if wanted["remember"] else None,
        writable=not module.check_mode,
    )
    try:
        found = scan_stores(wanted["paths"], scan, wanted["time_limit"], module.log)
    except HardeningError as exc:
        module.fail_json(msg=str(exc))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
