"""No exclusion on a medical device without somebody who confirmed it."""

from __future__ import annotations

from datetime import date

import pytest
from antivirus_example import TODAY, confirmation, loaded, profile

from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.govern import govern
from ansible_collections.pacs.hardening.plugins.plugin_utils._antivirus.load import ProfileError

ORTHANC = {"orthanc": {"template": "orthanc_debian", **confirmation()}}


def test_confirmed_ones_become_one_list() -> None:
    governed = govern(loaded({**ORTHANC, "archive": profile()}), ["orthanc", "archive", "orthanc"], TODAY)
    assert [(one.kind, one.value, one.profile) for one in governed.exclusions] == [
        ("path", "/var/lib/orthanc/db-v6", "orthanc"),
        ("path", "/srv/archive/images", "archive"),
    ]
    assert governed.expired == ()


def test_nobody_excludes_anything_by_default() -> None:
    assert govern(loaded(ORTHANC), [], TODAY).exclusions == ()


def test_a_template_is_not_enforced_on_a_medical_device() -> None:
    with pytest.raises(ProfileError) as caught:
        govern(loaded(), ["orthanc_debian", "mariadb"], TODAY)
    unconfirmed, unknown = (str(fault) for fault in caught.value.faults)
    assert unconfirmed.startswith(
        "pacs_antivirus_profiles.orthanc_debian: nobody has confirmed it, so it isn't enforced on a medical device."
    )
    assert unknown == "pacs_antivirus_profiles.mariadb: no profile has this name. Did you mean 'mariadb_debian'?"
    assert govern(loaded(), ["orthanc_debian"], TODAY, medical_device=False).exclusions


def test_an_expired_one_still_counts_and_is_named() -> None:
    governed = govern(loaded(ORTHANC), ["orthanc"], date(2027, 11, 1))
    assert [one.value for one in governed.exclusions] == ["/var/lib/orthanc/db-v6"]
    assert [one.name for one in governed.expired] == ["orthanc"]


def test_one_place_of_two_profiles_stands_once() -> None:
    governed = govern(loaded({"a": profile(), "b": profile()}), ["b", "a"], TODAY)
    assert [(one.value, one.profile) for one in governed.exclusions] == [("/srv/archive/images", "b")]
    assert [one.name for one in governed.profiles] == ["b", "a"]
