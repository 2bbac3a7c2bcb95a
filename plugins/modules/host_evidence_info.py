#!/usr/bin/python
# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_evidence_info
short_description: Read what a host shows about its security, and change nothing
version_added: 0.1.0
author:
  - pacs.hardening contributors (@pacs-hardening)
description:
  - Collects in one run what the controls of this collection judge on a host, and judges nothing itself.
  - Each part stands alone. C(absent) means that the host has no such thing; C(error) means that nobody could look,
    and says why. Neither is ever taken for a good sign.
  - The host needs nothing but Python. Most parts need root for a whole answer; without it they say so.
  - Returns no patient data and no secrets. Of the configuration of Orthanc only options on a fixed list are looked at;
    of its users only how many there are, and which of them every reader of a manual can log in as.
  - Of antivirus it is looked at what runs and what it has marked to be watched, not only at what it was told. No test
    file is put anywhere; M(pacs.hardening.antivirus_canary) does that, and what it found out last is returned.
  - Of VPN gateways their running daemons are asked (vici of strongSwan, the management socket of OpenVPN); of their
    configuration only settings on a fixed list are returned, and nothing of keys.
options:
  parts:
    description: What to look at.
    type: list
    elements: str
    choices:
      [system, nftables, sockets, forwarding, firewall_changes, firewall_flows, orthanc, accounts, logging,
        antivirus, directories, openvpn, ipsec, remote_leftovers]
    default:
      [system, nftables, sockets, forwarding, firewall_changes, firewall_flows, orthanc, accounts, logging,
        antivirus, directories, openvpn, ipsec, remote_leftovers]
  directories:
    description:
      - Directories that are looked at beside those that ClamAV is told to watch or to leave alone, such as image stores
        and import folders. Nothing in them is opened, and no name of a file is returned.
    type: list
    elements: path
    default: []
  timeout:
    description: Seconds after which a part is given up, from 0.1 to 60. All parts are read at the same time.
    type: float
    default: 3
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
  - The configuration of Orthanc is read from where the running server's command line names it, else from
    C(/etc/orthanc). What was changed there since the server started is not in force yet, and C(changed_since_start)
    says so.
  - Of the tables of others in the ruleset, comments and log prefixes are left out.
"""

EXAMPLES = r"""
- name: Look at the host
  pacs.hardening.host_evidence_info:
  become: true
  register: host

- name: Show who listens
  ansible.builtin.debug:
    var: host.evidence.parts.sockets.value.listeners
  when: host.evidence.parts.sockets.status == 'ok'
"""

RETURN = r"""
evidence:
  description: What was seen.
  returned: success
  type: dict
  contains:
    format:
      description: Version of this document.
      type: int
      sample: 1
    collected_at:
      description: When the host was looked at, by its own clock, in UTC.
      type: str
      sample: '2026-11-24T00:12:15Z'
    parts:
      description:
        - Each part with its C(status).
        - V(ok) comes with C(value); V(absent) (the host has no such thing) and V(error) (nobody could look) come with
          C(reason), one line. What could not be known inside a part is V(null).
      type: dict
      contains:
        system:
          description: C(os) and C(version) as in os-release, C(kernel), C(python), C(hostname).
          type: dict
        nftables:
          description:
            - C(version) of nft and C(listing), what C(nft -j list ruleset) prints.
            - C(legacy_tables), tables of the old iptables, which nft doesn't show; V(null) if that isn't known.
          type: dict
        sockets:
          description:
            - C(listeners), a list of C(protocol) (tcp, udp), C(family) (4, 6), C(address), C(port) and C(process).
          type: dict
        forwarding:
          description: C(ipv4) and C(ipv6), whether the host passes packets on, be it for one interface only.
          type: dict
        firewall_changes:
          description:
            - C(pending), changes that wait for their confirmation, each with C(id) and C(deadline_utc).
            - C(confirmed), the one of table C(inet pacs) that is loaded at boot, with C(id), C(created_utc) and
              C(text_sha256).
            - C(boot_unit), whether it is C(enabled) and C(active).
          type: dict
        firewall_flows:
          description:
            - What C(table inet pacs) remembers and counts, and which connections are open, as
              P(pacs.hardening.firewall_flows_info#module) returns it; C(absent) where that table isn't in force.
            - Of C(undeclared), C(connections) and C(unused) the first 20000 entries, and in C(left_out) how many more
              there are; C(used), how many declared flows were used. Who opened the firewall at its console is left out.
          type: dict
        orthanc:
          description:
            - C(configured), whether it has a configuration; C(running); C(changed_since_start), whether a file of it
              was written since the server started, V(null) if that isn't known; C(enabled), whether systemd starts
              a server that doesn't run at the next boot, V(null) if that isn't known or one runs.
            - C(aet) and C(aet_problem), what is wrong with it if anything is.
            - C(switches), the options that matter, by Orthanc's names, with its defaults where they aren't set;
              C(unusable), names of options whose values Orthanc can't use.
            - C(modalities), each with C(name), C(aet), C(aet_problem), C(host_is_address), C(port), C(tls) and
              C(rights) by Orthanc's names; V(null) where Orthanc keeps them in its database.
              C(unusable_modalities), how many entries Orthanc can't use.
            - C(registered_users), how many; C(guessable_users), how many have no password or their name as password;
              C(shipped_credentials), names of users whose name and password are known from products and manuals.
            - C(environment_settings), how many variables of the container image are set; the image writes what they
              say into the configuration.
            - C(sources), the files that were read.
          type: dict
        antivirus:
          description:
            - C(clamav) and C(defender), V(null) where that isn't installed; C(others), other scanners that run.
            - Of ClamAV C(daemon) (whether it is C(running) and C(answers), its C(engine), the number of its
              C(signatures) and when they were C(dated), and whether its socket is C(open_to_all)); C(on_access), what
              the running clamonacc has by its command line and has marked in the kernel, V(null) if none runs;
              C(configuration), what is judged of clamd.conf, and whether it was C(changed_since_start);
              C(unit_takes_away); C(paths), the directories that are named there, with where they lead, how they are
              mounted, and whether they are C(marked); C(mounts_below) watched ones; C(writable), settings that
              others than root may change; C(scan), the scheduled scan and how its last run ended.
            - Of Defender C(managed), what is judged of its managed configuration, C(paths) and C(writable).
            - C(takes_away), schedules and units by which a scanner moves, copies or removes what it finds.
            - C(canary), what a test with test files last found out, and C(limits), how much the kernel lets be
              watched.
          type: dict
        directories:
          description:
            - C(paths), where each leads, how it is mounted, and C(counted), how many C(directories) and C(files), how
              many files that may be executed (C(executable)) and C(larger) ones than each of C(sizes) lie there;
              C(whole) is V(false) if the time didn't suffice for all of them. V(null) for what is no directory.
            - C(sizes), the limits in bytes above which ClamAV doesn't scan on access, and not at all.
          type: dict
        openvpn:
          description:
            - C(servers) that run, each with its C(configuration), the C(settings) of it that are judged, and its
              C(management) socket.
            - C(sessions), who is in, with addresses, bytes, since when and by which cipher; V(null) with the reason in
              C(not_asked) where the server gave no answer. OpenVPN doesn't tell which certificate a session has shown.
            - C(certificate) and C(revocations) with their ends, when the list was changed
              (C(revocations_changed)), and of whom the C(second_factor) is asked.
          type: dict
        ipsec:
          description:
            - Which daemon is C(running), and whether it C(answers). C(sas) with the algorithms that were agreed upon,
              the peer, since when (seconds), bytes and when something was last received; C(connections) with how the
              two sides prove who they are; C(certificates), and C(lists) of revocations that are loaded, or lie there.
            - C(configured), what the files of swanctl offer, which the daemon doesn't tell.
            - C(refusals), who was refused in the last C(refusals_days) days, and why, by strongSwan's journal; V(null)
              where there is none.
          type: dict
        remote_leftovers:
          description:
            - C(found), what leads in beside gateways (dial-up, remote control, reverse tunnels, logins over serial
              lines), each with its C(id), C(state) (C(active), or only C(installed)), C(where) and C(unit).
            - C(interfaces) that are tunnels, with their kind; C(consoles), lines that the kernel's command line names;
              C(unseen), how many processes nobody may look into.
          type: dict
        accounts:
          description: C(login_users), local accounts with a shell.
          type: dict
        logging:
          description:
            - C(journald), whether it runs; C(nflog_listener), whether a program takes the firewall's drop log from the
              kernel (group C(drop_log_group)).
            - C(forwarders), programs that run and are configured to pass logs on to another host; C(forwarded),
              whether there is one, V(null) where their configuration can't be read.
          type: dict
  sample:
    format: 1
    collected_at: '2026-11-24T00:12:15Z'
    parts:
      forwarding:
        status: ok
        value:
          ipv4: false
          ipv6: false
      nftables:
        status: error
        reason: 'needs root: only root can read the firewall''s rules'
      orthanc:
        status: absent
        reason: no Orthanc server runs here, and there is no /etc/orthanc
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import PARTS
from ansible_collections.pacs.hardening.plugins.module_utils._io.evidence import host_evidence
from ansible_collections.pacs.hardening.plugins.module_utils._io.host import Host


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "parts": {"type": "list", "elements": "str", "choices": list(PARTS), "default": list(PARTS)},
            "directories": {"type": "list", "elements": "path", "default": []},
            "timeout": {"type": "float", "default": 3},
        },
        supports_check_mode=True,
    )
    timeout = module.params["timeout"]
    if not 0.1 <= timeout <= 60:
        module.fail_json(msg=f"timeout is {timeout:g}; it must be from 0.1 to 60 seconds")
    evidence = host_evidence(module.params["parts"], timeout, Host(), module.params["directories"])
    module.exit_json(changed=False, evidence=evidence)


if __name__ == "__main__":
    main()
