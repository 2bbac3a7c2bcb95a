"""How each control of antivirus and files fails, and when it says nothing: rows for test_controls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import antivirus_evidence as evidence
from antivirus_evidence import IMPORT, STORE
from antivirus_example import confirmation, profile

_ARCHIVE = "pacs1"
# control, subject, what is spoilt, what is said
Case = tuple[str, str, Callable[[Any], object], str]


def clamav(lab: Any, *path: str, **changes: Any) -> None:
    """Change what was seen of ClamAV on the archive, below a path of keys."""
    value = lab.part(_ARCHIVE, "antivirus")["value"]["clamav"]
    for key in path:
        value = value[key]
    value.update(changes)


def antivirus(lab: Any, **changes: Any) -> None:
    lab.part(_ARCHIVE, "antivirus")["value"].update(changes)


def told(lab: Any, **changes: Any) -> None:
    clamav(lab, "configuration", **changes)


def excludes(lab: Any, *paths: str, **about: Any) -> None:
    """More exclusions in clamd.conf, and what is known of these directories."""
    told(lab, exclude=[STORE, *paths])
    clamav(lab, "paths", **{path: evidence.place(path, **{"marked": False, **about}) for path in paths})


def canary(lab: Any, **changes: Any) -> None:
    lab.part(_ARCHIVE, "antivirus")["value"]["canary"].update(changes)


def directory(lab: Any, path: str, **changes: Any) -> None:
    lab.part(_ARCHIVE, "directories")["value"]["paths"][path].update(changes)


def counted(lab: Any, path: str, **changes: Any) -> None:
    lab.part(_ARCHIVE, "directories")["value"]["paths"][path]["counted"].update(changes)


def store(lab: Any, **changes: Any) -> None:
    """Change what dicom_files_info returned of the store."""
    lab.files[_ARCHIVE]["stores"][0].update(changes)


def found(lab: Any, kind: str, says: str) -> None:
    store(lab, by_kind={kind: 2}, findings=[{"object": "9d3f", "path": None, "kind": kind, "says": says}])


def gone(lab: Any, *parts: str) -> None:
    for part in parts:
        lab.hosts[_ARCHIVE]["evidence"]["parts"][part] = {"status": "error", "reason": "needs root"}


def defender(lab: Any, managed: dict[str, Any] | None = None, **changes: Any) -> None:
    """The archive with Defender instead."""
    part = evidence.defender(**changes)
    part["value"]["defender"]["managed"].update(managed or {})
    lab.hosts[_ARCHIVE]["evidence"]["parts"]["antivirus"] = part
    lab.site["devices"][_ARCHIVE]["antivirus"]["agent"] = "defender_linux"


def _untried_defender(lab: Any) -> None:
    defender(lab)
    antivirus(lab, canary=None)


def _profile(lab: Any, **changes: Any) -> None:
    lab.profiles["orthanc"] = {"template": "orthanc_debian", **confirmation(**changes)}


def _unconfirmed(lab: Any) -> None:
    lab.profiles["orthanc"] = {k: v for k, v in profile().items() if k not in confirmation()}


def _absent(lab: Any) -> None:
    reason = "neither ClamAV's daemon nor Defender is installed"
    lab.hosts[_ARCHIVE]["evidence"]["parts"]["antivirus"] = {"status": "absent", "reason": reason}


def _forbidden(lab: Any) -> None:
    lab.site["devices"]["ct1"]["antivirus"] = {"mds2": {"MLDP-2.3": "no"}}


_AV: list[tuple[str, Callable[[Any], object], str]] = [
    ("AV-01", _absent, "nor Defender is installed; the site names ClamAV for it"),
    ("AV-01", lambda lab: clamav(lab, "daemon", running=False, answers=False), "clamd doesn't run"),
    (
        "AV-01",
        lambda lab: clamav(lab, "daemon", answers=False, problem="clamd's socket x gives no answer"),
        "no answer",
    ),
    ("AV-01", lambda lab: clamav(lab, on_access=None), "clamonacc doesn't run: nothing is scanned"),
    ("AV-01", lambda lab: clamav(lab, "paths", **{IMPORT: evidence.place(IMPORT, marked=False)}), "doesn't watch /srv"),
    ("AV-01", lambda lab: told(lab, include=[]), "told to watch nothing"),
    ("AV-01", lambda lab: clamav(lab, on_access=None, retreated=True), "slows images down too much"),
    ("AV-04", lambda lab: excludes(lab, "/srv/b", second_names=[f"{IMPORT}/b"]), "is mounted at /srv/import/b too"),
    ("AV-01", lambda lab: defender(lab, {"level": None}), "since 101.23062.0001 Defender is passive by itself"),
    ("AV-01", lambda lab: defender(lab, running=False), "Defender is installed, and doesn't run"),
    ("AV-02", lambda lab: clamav(lab, "daemon", dated=None), "its signatures have no date"),
    ("AV-02", lambda lab: clamav(lab, "daemon", dated="2026-11-16T23:59:59Z"), "2026-11-16, 8 days old"),
    ("AV-02", lambda lab: clamav(lab, "daemon", dated="2027-11-16T00:00:00Z"), "signatures of 2027-11-16"),
    ("AV-03", lambda lab: canary(lab, proven=False, findings=[f"{IMPORT} is not watched."]), "is not watched"),
    ("AV-04", lambda lab: excludes(lab, "/var/lib"), "'/var/lib' is a directory of the system, or holds one"),
    ("AV-04", lambda lab: excludes(lab, f"{IMPORT}/cd"), "is a place through which files come in"),
    ("AV-04", lambda lab: excludes(lab, "/srv/other"), "is excluded on the host, and in no profile"),
    ("AV-04", lambda lab: excludes(lab, f"{STORE}/"), "ends with a separator"),
    ("AV-04", lambda lab: told(lab, expressions=["/store.*"]), "'/store.*' is a pattern"),
    ("AV-04", lambda lab: told(lab, excluded_users=["clamav", "orthanc"]), "'orthanc' is excluded on the host"),
    ("AV-04", lambda lab: told(lab, excluded_uids=["0"]), "OnAccessExcludeUID 0 switches the whole option off"),
    ("AV-04", lambda lab: told(lab, exclude=[], expressions=[]), "of profile orthanc isn't excluded"),
    (
        "AV-04",
        lambda lab: clamav(lab, "paths", **{STORE: evidence.place(STORE, marked=True)}),
        "watches it all the same",
    ),
    ("AV-05", lambda lab: clamav(lab, writable=["/etc/clamav/clamd.conf"]), "may change /etc/clamav/clamd.conf"),
    (
        "AV-05",
        lambda lab: clamav(lab, "daemon", open_to_all=True),
        "every user of the host may write to clamd's socket",
    ),
    ("AV-05", lambda lab: defender(lab, {"merge": "merge"}), "mergePolicy is merge"),
    ("AV-05", lambda lab: defender(lab, {"merge": None}), "mergePolicy isn't managed"),
    (
        "AV-06",
        lambda lab: clamav(lab, "on_access", takes_away=["--move=/root/quarantine"]),
        "the running clamonacc has --",
    ),
    ("AV-06", lambda lab: clamav(lab, unit_takes_away=["--move=/root/quarantine"]), "clamav-clamonacc.service has --m"),
    ("AV-06", lambda lab: antivirus(lab, takes_away=["/etc/cron.daily/scan: --remove"]), "/etc/cron.daily/scan: --rem"),
    (
        "AV-06",
        lambda lab: clamav(lab, "paths", **{STORE: evidence.place(STORE, marked=True)}),
        "can't be opened any more",
    ),
    ("AV-06", lambda lab: told(lab, deny_on_error=True), "locks every file away"),
    ("AV-06", lambda lab: defender(lab, {"sections": {}}), "Defender quarantines what it finds in /var/lib/orthanc"),
    ("AV-07", lambda lab: _profile(lab, confirmed_on="2025-11-02", expires_on="2026-11-01"), "expired on 2026-11-01"),
    ("AV-07", _unconfirmed, "nobody has confirmed it"),
    ("AV-07", lambda lab: lab.profiles.pop("orthanc"), "no profile has this name"),
    ("AV-07", lambda lab: _profile(lab, expires_on="2028-11-01"), "more than 12 months after confirmed_on"),
    ("AV-08", lambda lab: clamav(lab, "scan", scheduled=False), "what is excluded is never scanned"),
    ("AV-08", lambda lab: clamav(lab, "scan", "last", infected=2), "found something in 2 files"),
    ("AV-08", lambda lab: clamav(lab, "scan", "last", complete=False), "didn't come to its end"),
    ("AV-08", lambda lab: clamav(lab, "scan", "last", ended="2026-10-01T03:10:00Z"), "ended on 2026-10-01, more than"),
    ("AV-08", lambda lab: clamav(lab, "scan", "last", excluded=[]), "db-v6 is excluded, and not scanned off hours"),
    ("AV-08", lambda lab: clamav(lab, mounts_below=[f"{IMPORT}/usb"]), "is mounted on /srv/import/usb"),
    ("AV-08", lambda lab: clamav(lab, "on_access", marks=200_000), "fs.inotify.max_user_watches allows 192536"),
    ("AV-08", lambda lab: counted(lab, IMPORT, directories=192_537), "192537 directories are to be watched"),
    ("AV-08", lambda lab: lab.site["devices"][_ARCHIVE]["antivirus"].update(landing=["/srv/cd"]), "through /srv/cd"),
]
_FILES: list[tuple[str, Callable[[Any], object], str]] = [
    ("FILE-01", lambda lab: found(lab, "preamble_program", "a DICOM file that is a program, too (pe)"), "too (pe)"),
    ("FILE-01", lambda lab: found(lab, "script", "a script (shell)"), "2 times a script (shell)"),
    ("FILE-02", lambda lab: found(lab, "document_active", "an encapsulated document that acts by itself"), "acts by"),
    ("FILE-02", lambda lab: found(lab, "trailing_program", "a program after the end"), "a program after the end"),
    ("FILE-03", lambda lab: directory(lab, STORE, mount_options=["rw"]), "mounted without noexec, nosuid, nodev"),
    ("FILE-03", lambda lab: counted(lab, IMPORT, executable=3), "/srv/import: 3 of 40 files may be executed"),
]
FAILURES: list[Case] = [
    *((control, _ARCHIVE, spoil, said) for control, spoil, said in (*_AV, *_FILES)),
    ("AV-07", "ct1", _forbidden, "names nothing that replaces it"),
]
_OPEN: list[tuple[str, Callable[[Any], object], str]] = [
    *((f"AV-0{number}", lambda lab: gone(lab, "antivirus"), "needs root") for number in (1, 2, 3, 4, 5, 6, 8)),
    ("AV-01", lambda lab: clamav(lab, "on_access", marks=None, blocks=None), "needs root: which directories"),
    ("AV-01", lambda lab: clamav(lab, "daemon", problem="x: Permission denied", answers=False), "needs root"),
    ("AV-01", lambda lab: antivirus(lab, clamav=None, others=["Sophos Anti-Virus"]), "Sophos Anti-Virus runs here"),
    ("AV-01", _untried_defender, "can't be read from outside"),
    ("AV-02", lambda lab: clamav(lab, "daemon", engine=None), "clamd doesn't say its version"),
    ("AV-02", defender, "Defender's version isn't read"),
    ("AV-03", lambda lab: antivirus(lab, canary=None), "no test file was ever tried here: set antivirus_prove"),
    (
        "AV-03",
        lambda lab: canary(lab, tried_at="2026-10-23T08:00:00Z"),
        "last tried on 2026-10-23, which counts for 31",
    ),
    ("AV-03", lambda lab: canary(lab, tried_at="yesterday"), "when test files were tried last isn't known"),
    ("AV-03", lambda lab: told(lab, changed=1795600000.0), "was changed after test files were tried"),
    ("AV-03", lambda lab: canary(lab, tried=[]), "in no watched directory"),
    ("AV-04", lambda lab: clamav(lab, changed_since_start=True), "was changed since clamonacc started: restart it"),
    ("AV-04", lambda lab: clamav(lab, changed_since_start=None), "isn't known"),
    ("AV-06", lambda lab: told(lab, runs_on_find=True), "VirusEvent runs a program"),
    ("AV-08", lambda lab: gone(lab, "directories"), "needs root"),
    ("AV-08", lambda lab: clamav(lab, "scan", last=None), "hasn't run yet"),
    ("FILE-01", lambda lab: lab.files.clear(), "run dicom_files_info on it"),
    ("FILE-01", lambda lab: store(lab, path="/srv/elsewhere"), "isn't among what was looked into"),
    ("FILE-01", lambda lab: store(lab, complete=False), "isn't complete"),
    ("FILE-01", lambda lab: store(lab, progress={"started": "2026-10-01T02:00:00Z"}), "began on 2026-10-01"),
    ("FILE-01", lambda lab: store(lab, not_read={"not_permitted": 2}), "2 files or folders in"),
    ("FILE-01", lambda lab: store(lab, by_kind={"quantum": 1}), "this version can't judge: quantum"),
    ("FILE-01", lambda lab: store(lab, status="not_assessed", reason="not permitted"), "not permitted"),
    ("FILE-02", lambda lab: store(lab, counts={"dicom": 40, "followed": 1, "not_followed": 0}), "with deep: true"),
    ("FILE-03", lambda lab: gone(lab, "directories"), "needs root"),
    ("FILE-03", lambda lab: directory(lab, STORE, exists=False), "isn't there"),
    (
        "FILE-03",
        lambda lab: lab.site["devices"][_ARCHIVE]["antivirus"].clear(),
        "the site doesn't say where its images",
    ),
]
UNKNOWN: list[Case] = [(control, _ARCHIVE, spoil, said) for control, spoil, said in _OPEN]
