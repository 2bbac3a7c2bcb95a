"""Runs in a node: sends one synthetic HL7 order (ORM^O01) by MLLP and prints what came back as JSON:
{"acknowledgement": "AA", ...}.
"""

from __future__ import annotations

import argparse
import json
import socket
import time


def order(control_id: str) -> bytes:
    now = time.strftime("%Y%m%d%H%M%S")
    segments = [
        f"MSH|^~\\&|HIS1|LAB|RIS1|LAB|{now}||ORM^O01|{control_id}|P|2.3.1",
        "PID|||LAB-PAT-1||LAB^SYNTHETIC||19700101|O",
        f"ORC|NW|{control_id}|||||||{now}",
        f"OBR|1|{control_id}||LABCT^CT head, synthetic order",
    ]
    return b"\x0b" + ("\r".join(segments) + "\r").encode() + b"\x1c\r"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("control_id")
    options = parser.parse_args()
    answer = b""
    try:
        with socket.create_connection((options.host, options.port), timeout=5) as connection:
            connection.settimeout(10)
            connection.sendall(order(options.control_id))
            while b"\x1c\r" not in answer:
                piece = connection.recv(65536)
                if not piece:
                    break
                answer += piece
    except OSError as error:
        print(json.dumps({"acknowledgement": None, "error": str(error) or type(error).__name__}))
        return
    fields = [segment.split("|") for segment in answer.strip(b"\x0b\x1c\r").decode(errors="replace").split("\r")]
    msa = next((row for row in fields if row[0] == "MSA"), ["MSA", None, None])
    print(json.dumps({"acknowledgement": msa[1], "control_id": msa[2], "error": None}))


if __name__ == "__main__":
    main()
