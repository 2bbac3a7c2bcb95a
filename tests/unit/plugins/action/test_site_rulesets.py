"""What the action hands to playbooks for each firewall."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sites import lab_remote_site, lab_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.fallback import render_fallback
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.windows import intervention_documents
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.document import to_document
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.interventions import interventions
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site
from playbooks import run_playbook

PLAYBOOK = """
- name: Compile
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Compile the site
      pacs.hardening.site_rulesets:
        site: "{{ pacs_site }}"
      register: compiled

    - name: Keep what it returned
      ansible.builtin.copy:
        content: "{{ compiled | to_json }}"
        dest: "{{ kept }}"
        mode: "0600"
"""


def site() -> dict[str, Any]:
    """The lab's, with an intervention."""
    intervention = {"kind": "intervention", "owner": "Anna Example", "contract": "SC-1", "reason": "service"}
    conduit = {"from": "ws1", "to": "pacs1", "service": "ssh", **intervention}
    made = lab_site()
    return {**made, "conduits": [*made.get("conduits", []), conduit]}


def compiled_by_ansible(folder: Path, document: dict[str, Any]) -> dict[str, Any]:
    playbook, kept = folder / "compile.yml", folder / "rulesets.json"
    playbook.write_text(PLAYBOOK, encoding="utf-8")
    done = run_playbook(playbook, variables={"pacs_site": document, "kept": str(kept)})
    assert done.ok, done.output
    made: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
    return made


def test_gateways_are_named_by_their_hosts(tmp_path: Path) -> None:
    document = lab_remote_site()
    document["firewalls"]["edge"]["pacs_host"] = "gw1"
    assert compiled_by_ansible(tmp_path, document)["gateways"] == {"gw1": {"tls": ["people"], "ipsec": ["branch"]}}


def test_each_firewall_gets_its_policy_and_three_rulesets(tmp_path: Path) -> None:
    made = compiled_by_ansible(tmp_path, site())
    assert made["gateways"] == {}
    compiled = compile_site(site())
    assert made["rulesets"] == {
        name: {
            "firewall": name,
            "kind": compiled.site.firewalls[name].kind,
            "policy": to_document(policy),
            "ruleset": render(policy),
            "watch": render(policy, "watch"),
            "fallback": render_fallback(policy),
            "interventions": intervention_documents(policy, interventions(compiled)),
        }
        for name, policy in compiled.policies.items()
    }
