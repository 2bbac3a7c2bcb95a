"""The action revocation_list in a run: changed once, nothing in check mode, and no passphrase in what it says."""

from __future__ import annotations

from pathlib import Path

from kernel.ipsec_pki import Authority

from playbooks import run_playbook

PLAY = """\
- hosts: localhost
  gather_facts: false
  vars:
    passphrase: ""
  tasks:
    - &keep
      name: Keep it
      pacs.hardening.revocation_list: &given
        path: "{{ directory }}/ca.crl"
        authority: "{{ directory }}/ca.crt"
        authority_key: "{{ directory }}/ca.key"
        revoked: ["{{ directory }}/gone.crt"]
      register: first
    - <<: *keep
      register: second
    - name: Say it
      ansible.builtin.debug:
        msg: "changed {{ [first.changed, second.changed] }}"
    - name: With a passphrase that the key doesn't have
      pacs.hardening.revocation_list:
        <<: *given
        passphrase: never to be seen
"""


def test_it_is_kept(tmp_path: Path) -> None:
    authority = Authority("Example CA")
    certificate = authority.issue("gone.example")[0]
    for name, text in (("ca.crt", authority.certificate), ("ca.key", authority.key), ("gone.crt", certificate)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "play.yml").write_text(PLAY, encoding="utf-8")
    given = {"directory": str(tmp_path)}
    dry = run_playbook(tmp_path / "play.yml", "--check", variables=given)
    assert "changed [true, true]" in dry.output.lower() and not (tmp_path / "ca.crl").exists(), dry.output
    done = run_playbook(tmp_path / "play.yml", variables=given)
    assert "changed [true, false]" in done.output.lower(), done.output
    assert (tmp_path / "ca.crl").read_text(encoding="utf-8").startswith("-----BEGIN X509 CRL-----")
    for run in (dry, done):
        assert run.failed == {"localhost": 1}
        assert "is the passphrase the right one" in run.output
        assert "never to be seen" not in run.output.replace("With a passphrase", "")
