"""Start the transfer that crosses the first enforcement, unless it was started before: converge runs twice."""

from __future__ import annotations

from lab.workflows import start_transfer, transfer_status, wait_for_transfer

if transfer_status() is None:
    start_transfer(count=200, pause=0.3)
    wait_for_transfer(sent=3)
