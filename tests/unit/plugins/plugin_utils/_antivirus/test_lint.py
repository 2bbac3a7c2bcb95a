"""The linter: every rule finds what it is for, and lets pass what looks like it and isn't."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from antivirus_example import TODAY, confirmation, loaded, profile, shipped
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.entries import read_exclusions
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.facts import read_facts
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.findings import Finding
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.govern import exclusions_of, govern
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.lint import lint, refused
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.lint_rules import RULES
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.load import ProfileError
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.model import Platform

STORE = "/var/lib/orthanc/db-v6"
WINDOWS: Platform = "windows"


def found(value: object, facts: object = None, platform: Platform = "linux") -> list[Finding]:
    return list(lint(read_exclusions([value], platform), read_facts(facts, platform)))


def rules(value: object, facts: object = None, platform: Platform = "linux") -> set[str]:
    return {finding.rule for finding in found(value, facts, platform)}


def on_disk(**changes: Any) -> dict[str, Any]:
    """Facts of a host on which the store is a directory like any other."""
    path = {"exists": True, "mount_point": "/", "filesystem": "ext4", "mount_options": ["rw"], **changes}
    return {"paths": {STORE: path}}


def process(path: str) -> dict[str, str]:
    return {"kind": "process", "value": path}


def defender(**entry: Any) -> dict[str, Any]:
    return {"exclusionSettings": {"exclusions": [entry]}}


REFUSED = [
    ("root", "/", {}),
    ("home", "/home", {}),
    ("home", "/home/anna", {}),
    ("home", "/root", {}),
    ("temporary", "/tmp", {}),
    ("temporary", "/var/tmp/orthanc", {}),
    ("temporary", "/dev", {}),
    ("system", "/var", {}),
    ("system", "/var/lib", {}),
    ("system", "/srv", {}),
    ("watched", "/srv/import", {"watched": ["/srv/import/cd"]}),
    ("watched", "/srv/import", {"watched": ["/srv/import"]}),
    ("landing", "/srv/data", {"landing": ["/srv/data/import"]}),
    ("landing", "/srv/data/import/today", {"landing": ["/srv/data/import"]}),
    ("pattern", "/srv/*/images", {}),
    ("pattern", "^/srv/images/", {}),
    ("relative", "srv/images", {}),
    ("relative", "~/images", {}),
    ("relative", process("storescp"), {}),
    ("steps", "/srv/x/../images", {}),
    ("steps", "/srv//images", {}),
    ("trailing_slash", "/srv/images/", {}),
    ("extension", ".dcm", {}),
    ("extension", "*.dcm", {}),
    ("interpreter", process("/usr/bin/python3.11"), {}),
    ("interpreter", process("/bin/bash"), {}),
    ("interpreter", process("/usr/lib/jvm/java-17/bin/java"), {}),
]


@pytest.mark.parametrize(
    ("rule", "value", "facts"), REFUSED, ids=[f"{rule}:{value}" for rule, value, _facts in REFUSED]
)
def test_what_hides_an_attacker_is_refused(rule: str, value: object, facts: dict[str, Any]) -> None:
    findings = [finding for finding in found(value, facts) if finding.rule == rule]
    assert [finding.level for finding in findings] == ["refuse"]
    assert findings[0].risk.endswith(".") and findings[0].remedy.endswith(".")


@pytest.mark.parametrize(
    "value",
    [
        STORE,
        "/home/pacs/store",
        "/variable",
        "/srv/images-tmp",
        process("/usr/sbin/Orthanc"),
        process("/opt/vendor/bin/shuttle"),
        {"kind": "path", "value": "/srv/archive.dcm"},
    ],
)
def test_a_narrow_one_passes(value: object) -> None:
    facts = {"watched": ["/srv/import"], "landing": ["/srv/import/cd"]}
    assert found(value, facts) == []


def test_a_sibling_of_an_import_folder_passes() -> None:
    assert rules("/srv/import-archive", {"landing": ["/srv/import"], "watched": ["/srv/import"]}) == set()


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("link", {"real_path": "/mnt/nas/db-v6"}),
        ("missing", {"exists": False}),
        ("mount_point", {"mount_point": STORE}),
        ("network_filesystem", {"filesystem": "nfs4"}),
        ("network_filesystem", {"filesystem": "fuse.sshfs"}),
        ("network_filesystem", {"filesystem": "fuse"}),
        ("writable", {"writable_by_others": True}),
    ],
)
def test_what_is_no_exclusion_on_this_host_is_warned_of(rule: str, facts: dict[str, Any]) -> None:
    (finding,) = found(STORE, on_disk(**facts))
    assert (finding.rule, finding.level) == (rule, "warn")
    assert finding.remedy


def test_a_store_like_any_other_is_no_finding() -> None:
    assert found(STORE, on_disk()) == []
    assert found(STORE, on_disk(filesystem="fuseblk")) == [], "a local disk that Defender watches"


def test_a_link_is_judged_by_where_it_leads() -> None:
    findings = found(STORE, on_disk(real_path="/home"))
    assert {finding.rule for finding in refused(findings)} == {"home"}
    assert "leads to /home" in str(refused(findings)[0])


def test_a_user_is_a_broad_hole() -> None:
    assert rules({"kind": "user", "value": "orthanc"}) == {"user"}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"$type": "excludedPath", "isDirectory": True, "path": STORE, "scopes": ["epp"]}, set()),
        ({"$type": "excludedPath", "isDirectory": True, "path": STORE}, {"scopes"}),
        ({"$type": "excludedPath", "isDirectory": True, "path": STORE, "scopes": ["epp", "global"]}, {"global_scope"}),
        ({"$type": "excludedFileExtension", "extension": ".dcm", "scopes": ["epp"]}, {"extension"}),
        ({"$type": "excludedFileName", "name": "cat"}, {"relative", "scopes"}),
    ],
)
def test_defenders_own_file_is_judged(entry: dict[str, Any], expected: set[str]) -> None:
    findings = lint(read_exclusions(defender(**entry)))
    assert {finding.rule for finding in findings} == expected
    assert all(finding.place == "exclusions.exclusionSettings.exclusions[0]" for finding in findings)


def test_defenders_older_section_has_a_scope() -> None:
    entry = {"$type": "excludedPath", "isDirectory": True, "path": STORE}
    (one,) = read_exclusions({"antivirusEngine": {"exclusions": [entry]}})
    assert one.scopes == ("epp",)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("D:\\", {"root"}),
        ("C:\\Windows", {"system", "temporary"}),
        ("C:\\Program Files (x86)", {"system"}),
        ("c:\\program files", {"system"}),
        ("C:\\Users\\anna", {"home"}),
        ("%TEMP%", {"pattern", "relative"}),
        ("C:\\Windows\\Temp\\x", {"temporary"}),
        ("\\\\nas\\images", {"root"}),
        ("\\\\nas\\images\\store", set()),
        ("D:\\Images", set()),
        ("D:\\Images\\", {"trailing_slash"}),
        (process("C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe"), {"interpreter"}),
        (process("C:\\Vendor\\archive.exe"), set()),
    ],
)
def test_windows_has_the_same_traps(value: object, expected: set[str]) -> None:
    assert rules(value, None, WINDOWS) == expected


def test_what_was_never_tested_is_said_once_testing_is_known() -> None:
    assert rules(STORE, {"proven": {STORE: True}}) == set()
    assert rules(STORE, {"proven": {STORE: False}}) == {"unproven"}
    assert rules(STORE, {"proven": {"/srv/other": True}}) == {"unproven"}


def test_two_profiles_over_one_place() -> None:
    inner = {**profile()["paths"][0], "path": "/srv/archive/images/new"}
    profiles = loaded({"a": profile(), "b": profile(paths=[inner])})
    governed = govern(profiles, ["a", "b"], TODAY)
    (finding,) = lint(governed.exclusions)
    assert (finding.rule, finding.subject) == ("overlap", "/srv/archive/images/new")
    assert "'/srv/archive/images' of a" in finding.problem


def test_what_the_host_has_beyond_the_profiles_is_drift() -> None:
    facts = read_facts({"in_force": [STORE, "/opt/games"]})
    (finding,) = lint(read_exclusions([STORE]), facts)
    assert (finding.rule, finding.subject) == ("drift", "/opt/games")
    assert lint(read_exclusions([STORE]), read_facts({})) == (), "where nobody looked, nothing is drift"


def test_a_profile_that_nobody_confirmed_is_refused_and_an_expired_one_is_named() -> None:
    templates = loaded()
    (finding,) = lint((), None, [templates["orthanc_debian"]], TODAY)
    assert (finding.rule, finding.level) == ("unconfirmed", "refuse")
    own = loaded({"orthanc": {"template": "orthanc_debian", **confirmation()}})["orthanc"]
    assert lint((), None, [own], TODAY) == ()
    (finding,) = lint((), None, [own], date(2028, 1, 1))
    assert (finding.rule, finding.level) == ("expired", "warn")
    assert "has expired on 2027-10-31" in str(finding)


@pytest.mark.parametrize("name", [name for document in shipped().values() for name in document["profiles"]])
def test_what_we_ship_passes_our_own_linter(name: str) -> None:
    assert lint(exclusions_of(loaded()[name])) == ()


def test_each_rule_is_tried() -> None:
    tried = {rule for rule, _value, _facts in REFUSED}
    tried |= {"scopes", "global_scope", "link", "missing", "mount_point", "network_filesystem", "writable", "user"}
    assert {rule.name for rule in RULES} == tried | {"unproven", "void"}, "the last one is test_lint_host.py's"


def test_what_cannot_be_read_is_said_at_once() -> None:
    with pytest.raises(ProfileError) as caught:
        read_exclusions([7.5, {"value": "/x", "knid": "path"}, {"kind": "path"}, None])
    places = [fault.path for fault in caught.value.faults]
    assert places == ["exclusions[0]", "exclusions[1].knid", "exclusions[2]", "exclusions[3]"]


JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=12), st.sampled_from(["/", STORE, "$type"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["value", "kind", "paths", "in_force"]), inner)
    ),
    max_leaves=10,
)


@given(JUNK, JUNK)
def test_anything_gives_findings_or_faults(exclusions: object, facts: object) -> None:
    for platform in ("linux", WINDOWS):
        try:
            findings = lint(read_exclusions(exclusions, platform), read_facts(facts, platform))
        except ProfileError as error:
            assert error.faults
        else:
            assert all(str(finding) for finding in findings)
