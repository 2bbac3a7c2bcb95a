"""An antivirus policy from plain data: sound, or refused with every fault at once."""

from __future__ import annotations

from typing import Any

import pytest
from antivirus_example import TODAY, confirmation, loaded, profile
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.agent import AGENTS
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.govern import govern
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.load import ProfileError
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.model import Exclusion
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.policy import MEBIBYTE, AntivirusPolicy
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.policy_load import load_policy

ORTHANC = {"orthanc": {"template": "orthanc_debian", **confirmation()}}


def governed(**own: Any) -> tuple[Exclusion, ...]:
    profiles = own or ORTHANC
    return govern(loaded(profiles), list(profiles), TODAY).exclusions


def policy(**changes: Any) -> AntivirusPolicy:
    return load_policy({"host": "pacs1", "watched": ["/srv/import"], **changes}, governed())


def faults_of(exclusions: tuple[Exclusion, ...] | None = None, **changes: Any) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        load_policy({"host": "pacs1", **changes}, governed() if exclusions is None else exclusions)
    return [str(fault) for fault in caught.value.faults]


def test_what_is_left_out_stops_no_images() -> None:
    made = policy()
    assert made.prevention is False, "blocking is a decision"
    assert made.limits.on_access <= made.limits.file <= made.limits.unpacked
    assert made.limits.on_access == 200 * MEBIBYTE
    assert (made.updates.source, made.updates.official, made.scan) == ("internet", True, None)
    assert made.resources.cpu_weight < 100 and made.resources.io_weight < 100
    assert made.values("path") == ("/var/lib/orthanc/db-v6",)


def test_what_comes_in_is_watched() -> None:
    assert policy(landing=["/media", "/srv/import"]).watched == ("/srv/import", "/media")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"wached": []}, "antivirus.wached: unknown key. Did you mean 'watched'?"),
        (
            {"watched": ["/srv/import/"]},
            "antivirus.watched[0]: '/srv/import/' ends with a separator. Write /srv/import.",
        ),
        ({"watched": ["import"]}, "antivirus.watched[0]: 'import' is not an absolute path."),
        (
            {"limits": {"file": "3G"}},
            "antivirus.limits.file: '3G' is not a size that can be scanned. Write it like 200M",
        ),
        ({"limits": {"file": "100 M"}}, "antivirus.limits.file: '100 M' is not a size"),
        ({"limits": {"file": "100M", "on_access": "200M"}}, "antivirus.limits.on_access: larger than file: such files"),
        ({"limits": {"file": "100M", "unpacked": "50M"}}, "antivirus.limits.unpacked: smaller than file: such files"),
        ({"updates": {"source": "mirror"}}, "antivirus.updates: no mirror is named. Add mirrors"),
        (
            {"updates": {"mirrors": ["http://m"]}},
            "antivirus.updates.mirrors: mirrors aren't used with source: internet.",
        ),
        ({"updates": {"source": "files"}}, "antivirus.updates: there are no signatures at all."),
        (
            {"updates": {"source": "files", "official": True, "custom": ["file:///s/a.hsb"]}},
            "antivirus.updates.official:",
        ),
        (
            {"updates": {"source": "files", "custom": ["http://m/a.hsb"]}},
            "'http://m/a.hsb' is not a usable URL. Start it",
        ),
        (
            {"updates": {"custom": ["http://u:p@m/a.hsb"]}},
            "antivirus.updates.custom[0]: a URL with a user or a password.",
        ),
        (
            {"updates": {"checks": 0}},
            "antivirus.updates.checks: '0' is not a usable number. Use a whole number from 1 to",
        ),
        ({"updates": {"checks": True}}, "antivirus.updates.checks: 'True' is not a usable number."),
        ({"scan": {}}, "antivirus.scan: the key 'calendar' is missing."),
        ({"scan": {"calendar": "daily", "excluded": False}}, "antivirus.scan: it scans nothing. Name paths."),
        ({"resources": {"cpu_weight": 0}}, "antivirus.resources.cpu_weight: '0' is not a usable number."),
    ],
)
def test_what_is_wrong_is_said_with_its_place(changes: dict[str, Any], said: str) -> None:
    assert any(said in fault for fault in faults_of(**changes)), faults_of(**changes)


@pytest.mark.parametrize("key", ["watched", "landing"])
def test_a_confirmed_profile_doesnt_hide_an_import_folder(key: str) -> None:
    place = "/srv/archive/images/import" if key == "landing" else "/srv/archive/images"
    (fault, *_others) = faults_of(governed(archive=profile()), **{key: [place]})
    assert fault.startswith("pacs_antivirus_profiles.archive.paths[0]: '/srv/archive/images' ")


def test_a_vendor_who_asks_for_too_much_is_refused() -> None:
    greedy = profile(paths=[{**profile()["paths"][0], "path": "/usr/share"}])
    assert faults_of(governed(archive=greedy)) == [
        "pacs_antivirus_profiles.archive.paths[0]: '/usr/share' is a directory of the system, or holds one. Programs,"
        " services and their settings are changed unseen. Exclude the directory of the images or of the database, and"
        " nothing above it."
    ]


def test_a_profile_of_another_system_is_refused() -> None:
    windows = profile(platform="windows", paths=[{**profile()["paths"][0], "path": "D:\\Images"}])
    (fault,) = faults_of(governed(archive=windows))
    assert "'D:\\Images' is for windows, and this host isn't" in fault


JUNK = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=12), st.sampled_from(["/srv/a", "200M", "daily"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["limits", "updates", "scan", "watched", "file", "source", "calendar"]), inner),
    ),
    max_leaves=12,
)


@given(st.fixed_dictionaries({"host": JUNK, "watched": JUNK, "limits": JUNK, "updates": JUNK, "scan": JUNK}))
def test_anything_renders_or_says_what_is_wrong(value: object) -> None:
    try:
        made = load_policy(value, governed())
    except ProfileError as error:
        assert error.faults
        return
    for agent in AGENTS.values():
        assert all(file.text is None or file.text.endswith("\n") for file in agent.render(made).files)
