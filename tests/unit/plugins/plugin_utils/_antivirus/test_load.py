"""Vendor profiles: governed objects, or refused with every fault at once."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from antivirus_example import TODAY, confirmation, loaded, profile, shipped

from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.govern import govern, governed_documents
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.load import ProfileError, load_profiles
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.vocabulary import COMPENSATIONS

AT = "pacs_antivirus_profiles.archive"


def faults_of(**changes: Any) -> list[str]:
    given = {key: value for key, value in profile(**changes).items() if value is not ...}
    return raised({"archive": given})


def raised(own: object, documents: dict[str, Any] | None = None) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        load_profiles(shipped() if documents is None else documents, own, TODAY)
    return [str(fault) for fault in caught.value.faults]


def test_a_profile_is_read_whole() -> None:
    archive = loaded({"archive": profile()})["archive"]
    assert (archive.vendor, archive.product, archive.versions) == ("Example Imaging", "Example Archive", "5.10 to 5.14")
    assert str(archive.reference) == "Security white paper, EI-4711, 3"
    (path,) = archive.paths
    assert (path.path, path.contains) == ("/srv/archive/images", ("store",))
    assert path.compensations == (COMPENSATIONS["noexec_mount"],)
    assert archive.confirmation is not None and archive.confirmation.expires_on == datetime.date(2027, 10, 31)
    assert not archive.confirmation.expired(datetime.date(2027, 10, 31)), "its last day counts"
    assert archive.confirmation.expired(datetime.date(2027, 11, 1))


def test_what_we_ship_is_sound_and_confirmed_by_nobody() -> None:
    templates = loaded()
    assert set(templates) == {"orthanc_debian", "postgresql_15_debian", "mariadb_debian"}
    assert all(template.confirmation is None for template in templates.values())
    assert all(path.compensations for template in templates.values() for path in template.paths)
    assert [path.path for path in templates["orthanc_debian"].paths] == ["/var/lib/orthanc/db-v6"]


def test_a_template_is_confirmed_by_the_site() -> None:
    own = {"archive": {"template": "orthanc_debian", **confirmation(), "compensating_controls": ["canary"]}}
    archive, template = loaded(own)["archive"], loaded()["orthanc_debian"]
    assert archive.confirmation is not None and archive.confirmation.owner == "PACS administration"
    assert (archive.product, archive.reference) == (template.product, template.reference)
    assert [path.path for path in archive.paths] == [path.path for path in template.paths]
    assert archive.paths[0].compensations == (COMPENSATIONS["canary"],)


def test_a_template_may_be_confirmed_under_its_own_name() -> None:
    assert loaded({"orthanc_debian": {"template": "orthanc_debian", **confirmation()}})["orthanc_debian"].confirmation


def test_dates_of_yaml_are_dates_too() -> None:
    own = {"archive": profile(confirmed_on=datetime.date(2026, 11, 2), expires_on=datetime.date(2027, 10, 31))}
    assert loaded(own) == loaded({"archive": profile()})


@pytest.mark.parametrize("key", ["vendor", "product", "versions", "reference"])
def test_nothing_may_be_left_out(key: str) -> None:
    assert faults_of(**{key: ...}) == [f"{AT}: the key '{key}' is missing. Add '{key}'."]


@pytest.mark.parametrize("key", ["title", "number", "edition"])
def test_a_reference_names_one_document(key: str) -> None:
    reference = {name: "x" for name in ("title", "number", "edition") if name != key}
    assert faults_of(reference=reference) == [f"{AT}.reference: the key '{key}' is missing. Add '{key}'."]


@pytest.mark.parametrize("key", ["owner", "confirmed_by", "confirmed_on", "expires_on"])
def test_half_a_confirmation_is_none(key: str) -> None:
    assert faults_of(**{key: ...}) == [
        f"{AT}: it is confirmed, but says no {key}. Add owner, confirmed_by, confirmed_on, expires_on."
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"versions": "*"}, "versions: '*' names no version. Write the version that the document names, or a range"),
        ({"versions": "all"}, "versions: 'all' names no version."),
        ({"confirmed_on": "2026-11-28"}, "confirmed_on: 2026-11-28 lies in the future."),
        ({"confirmed_on": "soon"}, "confirmed_on: 'soon' is not a date. Write it like 2026-11-23."),
        ({"confirmed_on": "20261102"}, "confirmed_on: '20261102' is not a date."),
        (
            {"expires_on": "2027-11-03"},
            "expires_on: more than 12 months after confirmed_on. Write 2027-11-02 or earlier",
        ),
        ({"expires_on": "2026-11-01"}, "expires_on: it ends before it was confirmed. Correct the dates."),
        ({"paths": ...}, ": it excludes nothing. List paths, or remove the profile."),
        ({"platform": "solaris"}, "platform: 'solaris' is not known here."),
        ({"extensions": [".dcm"]}, "extensions: unknown key."),
        ({"expires": "2027-10-31"}, "expires: unknown key. Did you mean 'expires_on'?"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(changes: dict[str, Any], said: str) -> None:
    (fault,) = faults_of(**changes)
    assert fault.startswith(f"{AT}.{said}" if not said.startswith(":") else f"{AT}{said}")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("srv/images", "is not an absolute path. Write it like /var/lib/orthanc/db-v6."),
        ("D:\\Images", "is a pattern."),
        ("/srv/images/", "ends with a separator. Write /srv/images."),
        ("/srv/../images", "has steps that lead nowhere, or back."),
        ("/srv//images", "has steps that lead nowhere, or back."),
        ("/srv/*/images", "is a pattern. Write the directory itself"),
        ("^/srv/images/", "is a pattern."),
        ("/srv/images ", "is a pattern."),
    ],
)
def test_a_path_is_one_place_literally(path: str, said: str) -> None:
    (fault,) = faults_of(paths=[{**profile()["paths"][0], "path": path}])
    assert fault.startswith(f"{AT}.paths[0].path: ") and said in fault


@pytest.mark.parametrize(
    ("path", "fine"),
    [("D:\\Images", True), ("\\\\nas\\images\\store", True), ("D:Images", False), ("/srv", False), ("D:\\a\\", False)],
)
def test_windows_paths_are_windows_paths(path: str, fine: bool) -> None:
    own = profile(platform="windows", paths=[{**profile()["paths"][0], "path": path}])
    if fine:
        assert loaded({"archive": own})["archive"].paths[0].path == path
    else:
        assert raised({"archive": own})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"contains": "images"}, "contains: 'images' is not known here. Known: cache, database, index, store."),
        ({"contains": []}, "contains: an empty list. Say what it holds"),
        ({"compensating_controls": []}, "compensating_controls: an empty list. Name what protects it instead"),
        ({"compensating_controls": ["hope"]}, "compensating_controls[0]: 'hope' is not known here."),
        ({"compensating_controls": [{"what": "allow-list"}]}, "compensating_controls[0]: the key 'check' is missing."),
        ({"reason": None}, "reason: no value."),
    ],
)
def test_each_path_is_answered_for(changes: dict[str, Any], said: str) -> None:
    (fault,) = faults_of(paths=[{**profile()["paths"][0], **changes}])
    assert fault.startswith(f"{AT}.paths[0].{said}")


def test_a_control_of_the_sites_own_says_how_it_is_checked() -> None:
    control = {"what": "only signed programs run", "check": "fapolicyd-cli --check-trustdb"}
    own = profile(paths=[{**profile()["paths"][0], "compensating_controls": [control]}])
    (compensation,) = loaded({"archive": own})["archive"].paths[0].compensations
    assert (compensation.what, compensation.check) == (control["what"], control["check"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"template": "orthnac_debian"},
            "template: no template is named 'orthnac_debian'. Did you mean 'orthanc_debian'?",
        ),
        ({"paths": []}, "paths: unknown key."),
    ],
)
def test_a_confirmation_says_only_what_is_the_sites(changes: dict[str, Any], said: str) -> None:
    own = {"template": "orthanc_debian", **confirmation(), **changes}
    assert f"{AT}.{said}" in " ".join(raised({"archive": own}))


def test_all_faults_come_at_once() -> None:
    own = {"archive": profile(versions="*", expires_on="soon"), "other": profile(reference={})}
    documents: dict[str, Any] = {"a.yml": {"schema": "other/1", "profiles": {}}}
    said = raised(own, documents)
    assert [text.split(":")[0] for text in said] == [
        "a.yml.schema",
        f"{AT}.versions",
        f"{AT}.expires_on",
        *["pacs_antivirus_profiles.other.reference"] * 3,
    ]


def test_a_name_is_shipped_once() -> None:
    documents = {"a.yml": shipped()["orthanc.yml"], "b.yml": shipped()["orthanc.yml"]}
    assert raised(None, documents) == ["b.yml.profiles.orthanc_debian: the name is taken. Give each a name of its own."]


def test_twelve_months_from_a_leap_day() -> None:
    days = {"confirmed_on": "2024-02-29", "expires_on": "2025-02-28"}
    assert loaded({"archive": profile(**days)})["archive"].confirmation
    assert faults_of(**{**days, "expires_on": "2025-03-01"})[0].startswith(f"{AT}.expires_on: more than 12 months")


SITE: dict[str, Any] = {
    "host": "pacs1",
    "date": "2026-11-03T04:05:06Z",
    "accepted": True,
    "limit": 0.8,
    "places": [
        {
            "directory": "/var/lib/orthanc/db-v6",
            "without": {"read": 5400},
            "with": {"read": 5300.5},
            "ratios": {"read": 0.982},
            "refused": 0,
        }
    ],
}


class TestVerifiedOnSite:
    """What the module antivirus_acceptance returned, as a profile keeps it."""

    def test_it_is_kept_in_profiles_of_either_kind_and_returned(self) -> None:
        confirmed = {"template": "orthanc_debian", **confirmation(), "verified_on_site": [SITE]}
        profiles = loaded({"orthanc": confirmed, "own": profile(verified_on_site=[SITE])})
        for name in ("orthanc", "own"):
            (one,) = profiles[name].verified_on_site
            assert (one.host, one.day, one.accepted, one.limit) == ("pacs1", datetime.date(2026, 11, 3), True, 0.8)
        (document,) = governed_documents(govern(profiles, ["orthanc"], TODAY))
        assert document["verified_on_site"] == [{**SITE, "date": "2026-11-03"}]

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"date": "2027-11-03"}, "lies in the future"),
            ({"limit": "fast"}, "is not a number"),
            ({"limit": True}, "is not a number"),
            ({"places": [{**SITE["places"][0], "with": {"read": -1}}]}, "is not a number"),
            ({"places": [{"directory": "/x"}]}, "'without' is missing"),
            ({"patient": "x"}, "patient"),
        ],
    )
    def test_what_the_module_would_not_return_is_a_fault(self, change: dict[str, Any], said: str) -> None:
        with pytest.raises(ProfileError, match=said):
            loaded({"own": profile(verified_on_site=[{**SITE, **change}])})
