#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: network_evidence_info
short_description: See what can be reached over the network from here, with restraint
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Asks declared addresses from the managed host, which is the vantage point, and reports what came back. It judges
    nothing, reads no patient data and writes nothing to a peer.
  - A DICOM server may serve nobody else while a connection to it is silent. So a connection speaks at once or is closed
    at once, each peer (an address, or an AE title with all its addresses) has one connection at a time and half a
    second between two, and an association is always released.
  - An outcome is V(open) only if the peer showed it. A reset, a closed connection and silence are outcomes of their
    own, never a pass.
  - In DICOM it calls itself C(PACSHARDENING) (AE title) and C(PACSHARDENING_01) (implementation version name), so that
    a peer's log shows who asked.
options:
  vantage:
    description: Name of the place from which is asked, for the report.
    type: str
    required: true
  probes:
    description: What to ask.
    type: list
    elements: dict
    required: true
    suboptions:
      id:
        description: Name of the probe in the results; each has its own.
        type: str
        required: true
      address:
        description: IPv4 or IPv6 address.
        type: str
        required: true
      port:
        description: Port, from 1 to 65535.
        type: int
        required: true
      protocol:
        description: Transport protocol.
        type: str
        choices: [tcp]
        default: tcp
      application:
        description: What is expected to listen there.
        type: str
        choices: [dicom, tcp]
        default: tcp
      called_aet:
        description: AE title of the peer. Needed to ask for an association.
        type: str
      calling_aet:
        description: AE title by which to call oneself.
        type: str
        default: PACSHARDENING
      probe:
        description:
          - V(never) sends nothing at all.
          - V(passive) connects and closes at once where O(probes[].application=tcp), and sends nothing to a DICOM peer.
          - V(echo) asks a DICOM peer for an association, sends a C-ECHO and releases. Elsewhere it is as V(passive).
        type: str
        choices: [passive, echo, never]
        default: passive
  timeout:
    description:
      - Seconds to wait for each answer of a peer, from 0.1 to 60. A connection is waited for at most 5 seconds.
    type: float
    default: 10
  within:
    description:
      - Seconds after which no question is begun any more, from 1 to 600. What wasn't asked by then is V(skipped).
      - Without it, every question is asked, however long that takes.
    type: float
extends_documentation_fragment:
  - pacs.hardening.attributes
attributes:
  check_mode:
    support: full
    details:
      - It asks in check mode, too.
  diff_mode:
    support: N/A
  idempotent:
    support: full
notes:
  - Whether a C-ECHO may be sent to a device is for those to say who answer for the device.
seealso:
  - module: pacs.hardening.host_evidence_info
"""

EXAMPLES = r"""
- name: Ask the archive whether it knows us
  pacs.hardening.network_evidence_info:
    vantage: reading
    probes:
      - id: archive
        address: 198.51.100.10
        port: 11112
        application: dicom
        called_aet: PACS1
        probe: echo
      - id: archive-ssh
        address: 198.51.100.10
        port: 22
  register: seen
"""

RETURN = r"""
vantage:
  description: Name of the place from which was asked.
  returned: success
  type: str
  sample: reading
probes:
  description: A result for each probe, in their order.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Name of the probe.
      type: str
    outcome:
      description:
        - V(open), a connection stands, or, in DICOM, the peer answered in DICOM, be it with a refusal.
        - V(refused), the connection was refused; V(timeout), nothing came back; V(unreachable), the network says that
          there is no way; V(error), anything else; V(skipped), nothing was sent.
      type: str
    detail:
      description: What happened, in words. Nothing that the peer sent is repeated.
      type: str
    connected:
      description: Whether a connection stood, whatever became of it.
      type: bool
    seconds:
      description: How long it took.
      type: float
    dicom:
      description: What the peer said in DICOM; V(null) if it didn't.
      type: dict
      contains:
        associated:
          description: Whether it accepted the association.
          type: bool
        rejected:
          description: C(result), C(source) and C(reason) of a rejection, as numbers of DICOM PS3.8; else V(null).
          type: dict
        echo:
          description: Whether it answered the C-ECHO with success.
          type: bool
  sample:
    - id: archive
      outcome: open
      detail: 'association rejected: calling AE title not recognised (1/1/3)'
      connected: true
      seconds: 0.004
      dicom:
        associated: false
        rejected:
          result: 1
          source: 1
          reason: 3
        echo: false
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._dicom.probes import PROBE_ARGUMENTS, read_probes
from ansible_collections.pacs.hardening.plugins.module_utils._io.network import ask_all


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "vantage": {"type": "str", "required": True},
            "probes": {"type": "list", "elements": "dict", "required": True, "options": PROBE_ARGUMENTS},
            "timeout": {"type": "float", "default": 10},
            "within": {"type": "float"},
        },
        supports_check_mode=True,
    )
    timeout, within = module.params["timeout"], module.params["within"]
    probes, faults = read_probes(module.params["probes"])
    if not 0.1 <= timeout <= 60:
        faults.insert(0, f"timeout is {timeout:g}; it must be from 0.1 to 60 seconds")
    if within is not None and not 1 <= within <= 600:
        faults.insert(0, f"within is {within:g}; it must be from 1 to 600 seconds")
    if faults:
        module.fail_json(msg="nothing was sent: " + "; ".join(faults))
    module.exit_json(changed=False, vantage=module.params["vantage"], probes=ask_all(probes, timeout, within))


if __name__ == "__main__":
    main()
