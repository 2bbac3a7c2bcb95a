"""Runs in the archive: asks Orthanc's REST interface which SOP Instance UIDs it holds.

Standard input: {"user", "password", "uids": [...]}; output: the JSON list of those found, or {"error"}.
"""

from __future__ import annotations

import base64
import json
import sys
import urllib.request


def main() -> None:
    request = json.load(sys.stdin)
    token = base64.b64encode(f"{request['user']}:{request['password']}".encode()).decode()
    found = []
    for uid in request["uids"]:
        query = urllib.request.Request(
            "http://127.0.0.1:8042/tools/lookup", data=uid.encode(), headers={"Authorization": f"Basic {token}"}
        )
        with urllib.request.urlopen(query, timeout=20) as answer:
            if any(row["Type"] == "Instance" for row in json.load(answer)):
                found.append(uid)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
