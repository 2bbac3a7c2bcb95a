# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a medium is judged, as options of several modules."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation that modules extend."""

    DOCUMENTATION = r"""
options:
  medium:
    description: Where the medium is mounted, or a folder with a copy of it.
    type: path
    required: true
  label:
    description: What people call the medium, such as a ticket. It stands in the receipt, so no name of a patient.
    type: str
    default: ""
  tolerate:
    description:
      - Kinds of findings that don't speak against a medium as long as the files aren't named by the DICOMDIR. Such
        files are never copied.
      - Media with a viewer for patients need V(program), V(program_name) and V(autorun), often V(archive).
    type: list
    elements: str
    choices: [archive, autorun, not_referenced, program, program_name, script]
    default: []
  antivirus_socket:
    description: The socket of clamd, which looks at every file. Empty where there is no virus scanner.
    type: str
    default: /run/clamav/clamd.ctl
  antivirus_configuration:
    description: The configuration of clamd, read for the size above which it looks at nothing.
    type: path
    default: /etc/clamav/clamd.conf
  antivirus_days:
    description: How many days old its signatures may be. V(0) is any age, and signatures without a date.
    type: int
    default: 7
  without_antivirus:
    description: Whether a medium may be imported that the virus scanner has not, or not wholly, judged. The receipt
      says so.
    type: bool
    default: false
  files_limit:
    description: How many files and folders a medium may have, from 1 to 1000000.
    type: int
    default: 100000
  size_limit:
    description: How many gigabytes (of 1024 megabytes) a medium may hold.
    type: int
    default: 100
  time_limit:
    description: Seconds after which no more is looked at, from 1 to 86400.
    type: float
    default: 3600
"""
