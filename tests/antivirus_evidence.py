"""What a host with ClamAV shows, as host_evidence_info records it of the role antivirus on the lab's archive."""

from __future__ import annotations

import copy
from typing import Any

STORE, IMPORT = "/var/lib/orthanc/db-v6", "/srv/import"
_MIB = 1 << 20
OPTIONS = ["nodev", "noexec", "nosuid", "relatime", "rw"]


def place(path: str, *, marked: bool, **changes: Any) -> dict[str, Any]:
    """A directory that the configuration names."""
    return {
        "exists": True,
        "real_path": path,
        "mount_point": "/",
        "filesystem": "ext4",
        "mount_options": ["relatime", "rw"],
        "writable_by_others": False,
        "second_names": [],
        "marked": marked,
        "blocked": marked,
        **changes,
    }


def clamav(store: str | None = STORE) -> dict[str, Any]:
    """The part ``antivirus`` of a host on which ClamAV watches the import folder and leaves the store alone."""
    excluded = [store] if store else []
    return copy.deepcopy(
        {
            "status": "ok",
            "value": {
                "clamav": {
                    "daemon": {
                        "running": True,
                        "answers": True,
                        "problem": None,
                        "engine": "1.4.6",
                        "signatures": 27830,
                        "dated": "2026-11-23T18:13:44Z",
                        "open_to_all": False,
                    },
                    "configuration": {
                        "path": "/etc/clamav/clamd.conf",
                        "socket": "/run/clamav/clamd.ctl",
                        "changed": 1763900000.0,  # 2025-11-23T12:13:20Z
                        "user": "clamav",
                        "include": [IMPORT],
                        "mount": [],
                        "exclude": excluded,
                        "expressions": [f"^{path}(/|$)" for path in excluded],
                        "excluded_users": ["clamav"],
                        "excluded_uids": [],
                        "excludes_root": False,
                        "prevention": True,
                        "deny_on_error": False,
                        "alerts_on_size": False,
                        "on_access_limit": 200 * _MIB,
                        "file_limit": 500 * _MIB,
                        "runs_on_find": False,
                    },
                    "configuration_problem": None,
                    "changed_since_start": False,
                    "on_access": {
                        "running": 1,
                        "takes_away": [],
                        "hands_over_files": True,
                        "marks": 3,
                        "blocks": True,
                    },
                    "unit_takes_away": [],
                    "paths": {IMPORT: place(IMPORT, marked=True), **{p: place(p, marked=False) for p in excluded}},
                    "mounts_below": [],
                    "writable": [],
                    "retreated": False,
                    "scan": {
                        "scheduled": True,
                        "last": {
                            "ended": "2026-11-22T03:10:00Z",
                            "complete": True,
                            "scanned": 1204,
                            "infected": 0,
                            "too_large": 0,
                            "errors": 0,
                            "paths": [IMPORT],
                            "excluded": excluded,
                        },
                    },
                },
                "defender": None,
                "others": [],
                "takes_away": [],
                "canary": {
                    "format": 1,
                    "tried_at": "2026-11-20T08:00:00Z",
                    "proven": True,
                    "findings": [],
                    "tried": [
                        {"directory": IMPORT, "place": "outside", "seen": "refused", "right": True},
                        *({"directory": p, "place": "inside", "seen": "opened", "right": True} for p in excluded),
                    ],
                },
                "limits": {"inotify_watches": 192536, "fanotify_marks": 205039},
            },
        }
    )


def directories(*paths: str) -> dict[str, Any]:
    """The part ``directories``, of directories as they should be mounted."""
    counted = {"directories": 3, "files": 40, "executable": 0, "larger": [0, 0], "whole": True}
    return {
        "status": "ok",
        "value": {
            "sizes": [200 * _MIB, 500 * _MIB],
            "paths": {
                path: {
                    "exists": True,
                    "real_path": path,
                    "mount_point": path,
                    "filesystem": "ext4",
                    "mount_options": list(OPTIONS),
                    "writable_by_others": False,
                    "counted": dict(counted),
                }
                for path in paths
            },
        },
    }


def defender(**changes: Any) -> dict[str, Any]:
    """The part ``antivirus`` of a host with Defender as we render its managed configuration."""
    part = clamav()
    exclusion = {"$type": "excludedPath", "isDirectory": True, "path": STORE, "scopes": ["epp"]}
    part["value"]["clamav"] = None
    part["value"]["defender"] = {
        "running": True,
        "managed": {
            "level": "real_time",
            "merge": "admin_only",
            "older_merge": None,
            "sections": {"exclusionSettings": {"exclusions": [exclusion]}},
        },
        "problem": None,
        "paths": {STORE: place(STORE, marked=False)},
        "writable": [],
        **changes,
    }
    return part


def scanned(*paths: str) -> dict[str, Any]:
    """What dicom_files_info returned of a complete and deep look, in which nothing was found."""
    counts = {"files": 40, "folders": 3, "dicom": 40, "followed": 39, "not_followed": 1}
    return {
        "complete": True,
        "stores": [
            {
                "path": path,
                "status": "assessed",
                "reason": None,
                "complete": True,
                "progress": {"started": "2026-11-22T02:00:00Z", "files": 40},
                "counts": dict(counts),
                "not_read": {},
                "by_kind": {},
            }
            for path in paths
        ],
    }
