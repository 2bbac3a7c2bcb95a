"""Runs in the archive: a few questions to Orthanc's REST interface over the loop-back interface.

Standard input: {"user", "password", "uids": [...]}. `find`: prints the JSON list of those SOP Instance UIDs that it
holds. `empty`: deletes every patient, prints how many there were. `know`: lets in the peers of {"peers": {NAME: entry}}
until Orthanc is restarted. Fails with a message when Orthanc doesn't answer.
"""

from __future__ import annotations

import base64
import json
import sys
import urllib.request
from typing import Any


class Rest:
    def __init__(self, user: str, password: str) -> None:
        self._token = base64.b64encode(f"{user}:{password}".encode()).decode()

    def __call__(self, method: str, path: str, data: bytes | None = None) -> Any:
        headers = {"Authorization": f"Basic {self._token}"}
        request = urllib.request.Request(f"http://127.0.0.1:8042{path}", data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 (the address above is fixed)
            return json.loads(answer.read() or b"null")


def main() -> None:
    request = json.load(sys.stdin)
    rest = Rest(request["user"], request["password"])
    if sys.argv[1] == "find":
        found = [
            uid
            for uid in request["uids"]
            if any(row["Type"] == "Instance" for row in rest("POST", "/tools/lookup", uid.encode()))
        ]
        json.dump(found, sys.stdout)
    elif sys.argv[1] == "empty":
        patients = rest("GET", "/patients")
        for patient in patients:
            rest("DELETE", f"/patients/{patient}")
        json.dump(len(patients), sys.stdout)
    elif sys.argv[1] == "know":
        for name, entry in request["peers"].items():
            rest("PUT", f"/modalities/{name}", json.dumps(entry).encode())


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"Orthanc's REST interface: {error}")
