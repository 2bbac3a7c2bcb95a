"""Runs in a node: an HL7 v2 listener (MLLP: 0B message 1C 0D). Answers ACK AA and logs MSH-10, the message control id;
nothing else is kept.
"""

from __future__ import annotations

import argparse
import socket
import socketserver
import threading
from pathlib import Path

START, END = b"\x0b", b"\x1c\r"


class Handler(socketserver.StreamRequestHandler):
    timeout = 10
    log: Path
    lock = threading.Lock()

    def handle(self) -> None:
        buffer = b""
        while True:
            try:
                piece = self.request.recv(65536)
            except OSError:
                return
            if not piece:
                return
            buffer += piece
            while END in buffer:
                frame, _end, buffer = buffer.partition(END)
                self.answer(frame.partition(START)[2].decode("utf-8", errors="replace"))

    def answer(self, message: str) -> None:
        header = message.split("\r")[0].split("|")
        if header[0] != "MSH" or len(header) < 12:
            return
        control_id, version = header[9], header[11]
        with self.lock, open(self.log, "a", encoding="utf-8") as log:
            log.write(f"{control_id}\n")
        sender, receiver = "|".join(header[2:4]), "|".join(header[4:6])
        reply = f"MSH|^~\\&|{receiver}|{sender}|{header[6]}||ACK|{control_id}|P|{version}\rMSA|AA|{control_id}\r"
        self.request.sendall(START + reply.encode() + END)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Server6(Server):
    address_family = socket.AF_INET6

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    options = parser.parse_args()
    Handler.log = options.log
    options.log.touch()
    second = Server6(("::", options.port), Handler)
    threading.Thread(target=second.serve_forever, daemon=True).start()
    Server(("", options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
