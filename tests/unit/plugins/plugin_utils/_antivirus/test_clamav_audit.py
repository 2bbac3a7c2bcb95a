"""A ClamAV that somebody else configured: each rule with what it finds, and ours, in which it finds nothing."""

from __future__ import annotations

import pytest
from antivirus_example import TODAY, confirmation, loaded
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agents import clamav
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agents.clamav_audit import RULES, audit
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.govern import govern
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.policy_load import load_policy

#: Of Debian 12, as its package writes it.
DEBIANS = "/usr/sbin/clamonacc -F --log=/var/log/clamav/clamonacc.log --move=/root/quarantine"
WATCHING = (
    "User clamav\nOnAccessExcludeUname clamav\nOnAccessIncludePath /srv/import\nOnAccessPrevention yes\n"
    "OnAccessMaxFileSize 100M\nMaxFileSize 100M\n"
)
CASES: list[tuple[str, str, set[str]]] = [
    (WATCHING, "", set()),
    ("", DEBIANS, {"command_takes_away", "command_without_fdpass"}),
    ("", "clamonacc --fdpass --remove", {"command_takes_away"}),
    (WATCHING + "OnAccessExcludePath /srv/import/store/", "", {"trailing_slash"}),
    (WATCHING + "OnAccessMountPath /srv", "", {"whole_mount"}),
    (WATCHING + "ExcludePath ^/srv/import/store/", "", {"scans_only"}),
    (WATCHING + "ExcludePath ^/srv/import/store/\nOnAccessExcludePath /srv/import/store", "", set()),
    (WATCHING + "ExcludePath /srv/import/store/\nOnAccessExcludePath /srv/import/store", "", {"unanchored"}),
    (WATCHING.replace("OnAccessExcludeUname clamav", "OnAccessExcludeUname nobody"), "", {"own_user"}),
    (WATCHING + "OnAccessExcludeUID 0", "", {"root_by_number"}),
    (WATCHING + "OnAccessExcludeRootUID yes", "", {"root"}),
    (WATCHING + "OnAccessDenyOnError yes", "", {"deny_on_error"}),
    (WATCHING.replace("Prevention yes", "Prevention no"), "", {"detects_only"}),
    (WATCHING.replace("OnAccessMaxFileSize 100M\n", ""), "", {"small_limit"}),
    (WATCHING.replace("\nMaxFileSize 100M", "\nMaxFileSize 25M"), "", {"beyond_limit"}),
]


@pytest.mark.parametrize(("configuration", "command", "expected"), CASES)
def test_each_rule_finds_its_own(configuration: str, command: str, expected: set[str]) -> None:
    assert {one.rule for one in audit(configuration, command)} == expected


def test_every_rule_is_tried() -> None:
    assert {rule.name for rule in RULES} == set().union(*(expected for _text, _command, expected in CASES))


def test_in_what_we_render_nothing_is_found() -> None:
    own = {"orthanc": {"template": "orthanc_debian", **confirmation()}}
    exclusions = govern(loaded(own), ["orthanc"], TODAY).exclusions
    policy = load_policy({"host": "pacs1", "watched": ["/srv/import"], "prevention": True}, exclusions)
    texts = {file.path: file.text or "" for file in clamav.render(policy).files}
    (command,) = (
        line.removeprefix("ExecStart=")
        for line in texts["/etc/systemd/system/clamav-clamonacc.service.d/pacs.conf"].splitlines()
        if line.startswith("ExecStart=/")
    )
    assert audit(texts[clamav.CLAMD_CONF], command) == ()


def test_a_finding_says_where_and_what_instead() -> None:
    (finding,) = audit(WATCHING + "OnAccessExcludePath /srv/import/store/")
    assert str(finding).startswith("clamd.conf: '/srv/import/store/' ends with a slash.")
    assert finding.remedy == "Write OnAccessExcludePath /srv/import/store."
    assert audit("", DEBIANS)[0].place == "clamonacc"


@given(st.text(max_size=300), st.text(max_size=80))
def test_any_text_is_read(configuration: str, command: str) -> None:
    assert all(str(one) for one in audit(configuration, command))
