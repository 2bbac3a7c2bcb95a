"""Runs in a node: a DICOM server (pynetdicom). C-ECHO always; C-STORE and storage commitment results unless
--echo-only.

--folder: SOP Instance UIDs are appended to received.log there, and each N-EVENT-REPORT is one JSON line in
commitments.log.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import threading
import time
from pathlib import Path

from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, Verification  # type: ignore[attr-defined]
from pynetdicom.transport import ThreadedAssociationServer


class Server(ThreadedAssociationServer):
    """An IPv6 listener takes IPv6 only, so that another server can have the same port in IPv4."""

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            assert self.socket is not None
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        super().server_bind()


def stored(event: evt.Event, folder: Path) -> int:
    with open(folder / "received.log", "a", encoding="ascii") as log:
        log.write(f"{event.request.AffectedSOPInstanceUID}\n")
    return 0x0000


def committed(event: evt.Event, folder: Path) -> tuple[int, None]:
    result = event.event_information
    line = {
        "transaction": str(result.TransactionUID),
        "event_type": int(event.request.EventTypeID),
        "committed": [str(item.ReferencedSOPInstanceUID) for item in result.get("ReferencedSOPSequence", [])],
        "failed": [str(item.ReferencedSOPInstanceUID) for item in result.get("FailedSOPSequence", [])],
        "peer": str(event.assoc.requestor.ae_title),
        "peer_address": str(event.assoc.requestor.address),
        # An acceptor's association is one that the peer opened: never the one on which N-ACTION was sent.
        "new_association": bool(event.assoc.is_acceptor),
        "time": time.time(),
    }
    with open(folder / "commitments.log", "a", encoding="ascii") as log:
        log.write(json.dumps(line) + "\n")
    return 0x0000, None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ae-title", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--bind", action="append", required=True)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--echo-only", action="store_true")
    options = parser.parse_args()

    entity = AE(ae_title=options.ae_title)
    entity.add_supported_context(Verification)
    handlers: list[evt.EventHandlerType] = []
    if not options.echo_only:
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(context.abstract_syntax)
        # The archive asks for the SCP role on the association that it opens to report a commitment.
        entity.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
        handlers = [(evt.EVT_C_STORE, stored, [options.folder]), (evt.EVT_N_EVENT_REPORT, committed, [options.folder])]
    signal.signal(signal.SIGTERM, lambda *_: entity.shutdown())
    for address in options.bind:
        server = entity.make_server(
            (address, options.port, 0, 0) if ":" in address else (address, options.port),
            ae_title=options.ae_title,
            contexts=entity.supported_contexts,
            evt_handlers=handlers,
            server_class=Server,
        )
        entity._servers.append(server)  # where shutdown() looks for them
        threading.Thread(target=server.serve_forever).start()


if __name__ == "__main__":
    main()
