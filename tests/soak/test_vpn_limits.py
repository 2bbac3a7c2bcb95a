"""How long a session of the TLS VPN lasts: where only time tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kernel.vpn_gateway import Running
from kernel.vpn_place import ARCHIVE, missing, place
from vpn_example import gateway, user

from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.tls_model import Limits

pytestmark = [pytest.mark.kernel, pytest.mark.skipif(missing() is not None, reason=str(missing()))]

UP = "Initialization Sequence Completed"


@contextmanager
def serving(root: Path, limits: Limits) -> Iterator[Running]:
    with place(root) as wired:
        made = Running(wired, gateway(user("r.smith", 10), user("acme", 20, "198.18.30.10/32"), limits=limits))
        made.prepare()
        made.start()
        yield made


def test_after_a_session_a_new_code_is_needed(tmp_path: Path) -> None:
    with serving(tmp_path, Limits(session=12, renegotiation=60, idle=0, ping=1, dead=3)) as running:
        client = running.connect("reader", "r.smith")
        took = running.place.wait(lambda: client.ended, client.said, 40)
        assert took >= 8, "it ended by something else"
        assert "AUTH_FAILED" in client.said
        assert running.names() == []
        running.connect("reader", "r.smith")


def test_an_idle_session_ends_and_a_busy_one_does_not(tmp_path: Path) -> None:
    with serving(tmp_path, Limits(session=300, renegotiation=60, idle=6, ping=1, dead=3)) as running:
        idle, busy = running.connect("reader", "r.smith"), running.connect("vendor", "acme")

        def over() -> bool:
            assert running.place.reaches("vendor", ARCHIVE[0], 104), "the positive control: it goes through the tunnel"
            return idle.ended

        assert running.place.wait(over, idle.said, 60) >= 5
        assert "Inactivity timeout (--inactive)" in idle.said
        assert running.names() == ["acme"] and not busy.ended


def test_a_renegotiation_asks_for_no_code(tmp_path: Path) -> None:
    with serving(tmp_path, Limits(session=300, renegotiation=60, idle=0, ping=1, dead=3)) as running:
        client = running.connect("reader", "r.smith")
        running.place.wait(lambda: running.log.count("TLS: soft reset") >= 1, running.log, 90)
        running.place.wait(lambda: running.log.count("Control Channel: TLSv1.3") >= 2, running.log, 20)
        assert running.names() == ["r.smith"] and not client.ended and client.said.count(UP) == 1


def test_a_token_of_another_key_is_worth_nothing(tmp_path: Path) -> None:
    """What tests/kernel shows with the same key: a client survives a restart."""
    with serving(tmp_path, Limits(ping=1, dead=3, idle=0)) as running:
        client = running.connect("reader", "r.smith")
        running.place.stop_server()
        running.place.on_gateway(running.at.token_key).unlink()
        running.prepare_keys()
        running.start()
        running.place.wait(lambda: client.ended, "it is let in", 20)
        assert "AUTH_FAILED" in client.said, "the same code would have been refused: it was used"
