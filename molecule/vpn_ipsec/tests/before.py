"""Gateways with nothing of ours. Run by prepare.yml."""

from __future__ import annotations

from pathlib import Path

from kernel.ipsec_pki import Authority

from lab import nodes
from playbooks import run_playbook

GATEWAYS = Path(__file__).resolve().parents[1] / "gateways.yml"


def test_a_dry_run_on_bare_gateways_says_what_it_would_do_and_changes_nothing(tmp_path: Path) -> None:
    done = run_playbook(GATEWAYS, "--check", "--diff", variables={"pki": str(tmp_path)})
    assert done.ok, done.output
    assert "No tunnel runs yet" in done.output
    assert list(tmp_path.iterdir()) == []
    authority = Authority("Test CA")
    for node in ("edge", "core"):
        (tmp_path / f"{node}.crt").write_text(authority.issue(node)[0], encoding="utf-8")
    (tmp_path / "ca.crt").write_text(authority.certificate, encoding="utf-8")
    (tmp_path / "ca.crl").write_text(authority.revocations_pem([], 1), encoding="utf-8")
    done = run_playbook(GATEWAYS, "--check", "--diff", variables={"pki": str(tmp_path)})
    assert done.ok, done.output
    assert "proposals = aes256gcm16-prfsha384-ecp384" in done.output
    assert "set remote4" in done.output
    for node in ("edge", "core"):
        for path in ("/etc/swanctl", "/usr/sbin/swanctl", "/usr/sbin/nft"):
            assert nodes.run(node, ["/usr/bin/test", "-e", path]).returncode != 0, path
