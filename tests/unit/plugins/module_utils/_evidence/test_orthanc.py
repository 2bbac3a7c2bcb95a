"""Orthanc's configuration: read like Orthanc, and never more of it than the list of what matters."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.orthanc import orthanc_document
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.orthanc_files import (
    SourceFile,
    merge,
    substitute,
)
from ansible_collections.pacs.hardening.plugins.module_utils._evidence.parts import Unreadable

PROJECT = Path(__file__).resolve().parents[5]
SHARED = Path(os.environ.get("PACS_SHARED_DATA") or PROJECT.parent / "shared" / "data") / "orthanc"


def read(*texts: str, environment: Mapping[str, str] | None = None, running: bool = False) -> dict[str, Any]:
    files = [SourceFile(f"/etc/orthanc/{number}.json", text) for number, text in enumerate(texts)]
    return orthanc_document(files, environment, running)


def shared(name: str) -> SourceFile:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"no {name}: set PACS_SHARED_DATA to a folder that has orthanc/{name}")
    return SourceFile(str(path), path.read_text(encoding="utf-8"))


def test_the_sample_of_an_archive_behind_a_router() -> None:
    document = orthanc_document([shared("docker__transcode-middleman__orthanc-pacs__orthanc.json")], None, True)
    assert document["aet"] == "PACS"
    assert [
        (one["name"], one["aet"], one["port"], one["host_is_address"], one["tls"]) for one in document["modalities"]
    ] == [
        ("middleman", "MIDDLEMAN", 4242, False, False),
        ("modality", "MODALITY", 4242, False, False),
    ]
    assert all(all(one["rights"].values()) for one in document["modalities"])
    assert (document["registered_users"], document["guessable_users"]) == (1, 1)
    assert document["shipped_credentials"] == ["demo"]
    switches = document["switches"]
    assert switches["RemoteAccessAllowed"]
    assert switches["AuthenticationEnabled"]
    assert not switches["DicomCheckCalledAet"]


def test_the_sample_with_modalities_only() -> None:
    document = orthanc_document([shared("docker__dicom-tls__modalities.json")], None, True)
    modalities = document["modalities"]
    assert len(modalities) == 6
    assert sum(one["tls"] for one in modalities) == 4
    assert sorted(one["port"] for one in modalities) == [4242] * 5 + [11112]
    (longest,) = [one for one in modalities if one["name"] == "pydicom-with-tls"]
    assert (longest["aet"], longest["aet_problem"]) == ("PYDICOM_WITH_TLS", None)


def test_a_server_on_its_defaults() -> None:
    document = read(running=True)
    assert not document["configured"]
    assert document["running"]
    assert document["switches"]["DicomAlwaysAllowStore"]
    assert document["switches"]["DicomPort"] == 4242
    assert document["modalities"] == []
    assert not document["switches"]["AuthenticationEnabled"]
    assert document["shipped_credentials"] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"Name": "a"}', "a"),
        ('\ufeff{"Name": "a"}', "a"),
        ('// first\n{"Name": /* here */ "a", // there\n}', "a"),
        ('{"Name": "http://x/*y*/", }', "http://x/*y*/"),
        ('{"Name": "a\\"//b,}"}', 'a"//b,}'),
        ('{"Name": "a,]", "x": [1, /* c */ ], }', "a,]"),
        ('{"Name": "a", "Name": "b"}', "b"),
        ('{"Name": "with\ttab"}', "with\ttab"),
        ('{"Name": "a"} and the rest', "a"),
    ],
)
def test_loose_json(text: str, expected: str) -> None:
    assert merge([SourceFile("f", text)], None)["Name"] == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('# no comment\n{"Name": "a"}', r"f can't be parsed \(line 1\)"),
        ('/* one\n two */\n{"Name": secret-value}', r"f can't be parsed \(line 3\)"),
        ('{"Name": NaN}', "can't be parsed"),
        ("[1]", "holds no sections"),
        ("", "can't be parsed"),
        ("[" * 100000, "can't be parsed"),
        ('{"Name": "${NAME}"}', "environment variables"),
    ],
)
def test_what_can_not_be_read_is_said_and_not_quoted(text: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says) as caught:
        merge([SourceFile("f", text)], None)
    assert "secret" not in str(caught.value)
    assert "NAME" not in str(caught.value)


def test_the_same_section_in_two_files_stops_orthanc() -> None:
    with pytest.raises(Unreadable, match=r"1\.json has a section that another file has too"):
        read('{"RegisteredUsers": {}}', '{"RegisteredUsers": {}}')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}|${B}|${C:-x}|${A:-x}", "1|||1"),
        ("${B:-'quoted'}|${B:-\"twice\"}|${EMPTY:-x}", "quoted|twice|"),
        ("$A|${A", "$A|${A"),
    ],
)
def test_variables_as_orthanc_replaces_them(text: str, expected: str) -> None:
    # Compared with Orthanc 1.10.1, which shows its Name at /system.
    assert substitute(text, {"A": "1", "C": "", "EMPTY": ""}) == expected


def test_variables_of_the_running_server_count() -> None:
    text = '{"DicomPort": ${PORT:-104}, "DicomAlwaysAllowEcho": ${ECHO}}'
    document = read(text, environment={"ECHO": "false", "ORTHANC__NAME": '"x"', "ORTHANC_JSON": "{}"}, running=True)
    assert document["switches"]["DicomPort"] == 104
    assert document["switches"]["DicomAlwaysAllowEcho"] is False
    assert document["environment_settings"] == 2


def test_several_files_are_one_configuration() -> None:
    document = read(
        '{"RemoteAccessAllowed": true}', '{"RegisteredUsers": {"alice": "bob", "eve": "eve", "mallory": ""}}'
    )
    assert document["sources"] == ["/etc/orthanc/0.json", "/etc/orthanc/1.json"]
    assert document["switches"]["AuthenticationEnabled"]
    assert (document["registered_users"], document["guessable_users"]) == (3, 2)
    assert document["shipped_credentials"] == ["alice"]


def test_orthanc_makes_a_user_of_its_own_where_none_is_declared() -> None:
    # Seen with Orthanc 1.10.1: it answers orthanc:orthanc.
    assert read('{"RemoteAccessAllowed": true}')["shipped_credentials"] == ["orthanc"]
    assert read('{"RemoteAccessAllowed": true, "RegisteredUsers": {"ann": "long"}}')["shipped_credentials"] == []
    assert read('{"RemoteAccessAllowed": true, "AuthenticationEnabled": false}')["shipped_credentials"] == []


def test_values_that_orthanc_can_not_use_are_unknown_not_defaults() -> None:
    document = read('{"DicomAlwaysAllowStore": "false", "DicomPort": "x", "RegisteredUsers": [], "DicomModalities": 1}')
    assert document["switches"]["DicomAlwaysAllowStore"] is None
    assert document["switches"]["DicomPort"] is None
    assert document["unusable"] == ["DicomAlwaysAllowStore", "DicomModalities", "DicomPort", "RegisteredUsers"]


@pytest.mark.parametrize("value", ["true", '"yes"'])
def test_modalities_in_the_database_are_unknown(value: str) -> None:
    document = read(f'{{"DicomModalitiesInDatabase": {value}, "DicomModalities": {{"a": ["A", "h", 104]}}}}')
    assert document["modalities"] is None


def modalities(entries: str) -> dict[str, Any]:
    return read(f'{{"DicomModalities": {{{entries}}}}}')


def test_both_forms_of_a_modality() -> None:
    found = modalities(
        '"b": ["B", "192.0.2.1", "104", "Generic"], '
        '"a": {"AET": "A", "Host": "2001:db8::1", "Port": 11112, "UseDicomTls": true, "AllowEcho": false,'
        ' "AllowStorageCommitment": false, "AllowEventReport": true, "Unknown": "kept back"}'
    )
    first, second = found["modalities"]
    assert (first["name"], first["tls"], first["host_is_address"]) == ("a", True, True)
    assert {name for name, allowed in first["rights"].items() if not allowed} == {"AllowEcho", "AllowNAction"}
    assert (second["aet"], second["port"], second["host_is_address"]) == ("B", 104, True)
    assert all(second["rights"].values())
    assert "kept back" not in str(found)


@pytest.mark.parametrize(
    "entry",
    [
        '"a b": ["A", "h", 104]',
        '"a": ["A", "h"]',
        '"a": ["A", "h", 0]',
        '"a": ["A", "h", 65535]',
        '"a": ["A", "h", "x"]',
        '"a": [1, "h", 104]',
        '"a": {"AET": "A", "Host": "h"}',
        '"a": {"AET": "A", "Host": "h", "Port": 104, "AllowEcho": "no"}',
        '"a": {"AET": "A", "Host": "h", "Port": 104, "UseDicomTls": 1}',
        '"a": 3',
    ],
)
def test_entries_that_orthanc_refuses_are_counted(entry: str) -> None:
    found = modalities(entry)
    assert (found["modalities"], found["unusable_modalities"]) == ([], 1)


def test_a_title_that_is_none_is_not_repeated() -> None:
    (one,) = modalities('"a": ["A VERY LONG NAME OF SOMEBODY", "h", 104]')["modalities"]
    assert one["aet"] is None
    assert "16 bytes" in one["aet_problem"]
    (blank,) = modalities('"a": ["CT1 ", "h", 104]')["modalities"]
    assert (blank["aet"], blank["aet_problem"] is None) == ("CT1 ", False)
