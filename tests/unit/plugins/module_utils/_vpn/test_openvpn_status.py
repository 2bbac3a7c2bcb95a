"""OpenVPN's status, as its management interface had it."""

from __future__ import annotations

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._vpn.openvpn_status import (
    parse_status,
    revoked_serials,
    undeclared,
)

# Of OpenVPN 2.6.14. The last client is still knocking, the one before was refused.
STATUS = """TITLE\tOpenVPN 2.6.14 x86_64-pc-linux-gnu
TIME\t2026-11-27 08:40:39\t1795768839
HEADER\tCLIENT_LIST\tCommon Name\tReal Address\tVirtual Address\tVirtual IPv6 Address\tBytes Received\tBytes Sent\t\
Connected Since\tConnected Since (time_t)\tUsername\tClient ID\tPeer ID\tData Channel Cipher
CLIENT_LIST\tr.smith\t198.19.0.10:55318\t198.18.80.10\tfd00:18:80::10\t2367\t2587\t2026-11-27 08:40:39\t1795768839\t\
r.smith\t0\t0\tAES-256-GCM
CLIENT_LIST\tacme\t198.19.0.11:34674\t\t\t0\t0\t2026-11-27 08:40:39\t1795768839\tacme\t2\t2\tAES-256-GCM
CLIENT_LIST\tUNDEF\t198.19.0.12:41968\t\t\t0\t0\t2026-11-27 08:40:39\t1795768839\tUNDEF\t3\t3\tBF-CBC
HEADER\tROUTING_TABLE\tVirtual Address\tCommon Name\tReal Address\tLast Ref\tLast Ref (time_t)
ROUTING_TABLE\t198.18.80.10\tr.smith\t198.19.0.10:55318\t2026-11-27 08:40:39\t1795768839
GLOBAL_STATS\tMax bcast/mcast queue length\t0
END
"""


def test_whoever_was_let_in_is_a_session_and_nobody_else() -> None:
    status = parse_status(STATUS)
    assert status.written == 1795768839
    (session,) = status.sessions
    assert (session.name, session.ipv4, session.ipv6) == ("r.smith", "198.18.80.10", "fd00:18:80::10")
    assert (session.client_id, session.received, session.sent, session.cipher) == (0, 2367, 2587, "AES-256-GCM")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (STATUS.replace("END\n", ""), "ends in mid-sentence"),
        ("OpenVPN CLIENT LIST\nUpdated,2026-11-27\nEND\n", "status-version 3"),
        (STATUS.replace("Client ID", "Client Number"), "no column Client ID"),
        (STATUS.replace("\t0\t0\tAES", "\tzero\t0\tAES"), "isn't understood"),
        ("", "ends in mid-sentence"),
    ],
)
def test_what_is_not_understood_is_refused(text: str, says: str) -> None:
    with pytest.raises(HardeningError, match=says):
        parse_status(text)


def test_sessions_of_nobody_declared() -> None:
    sessions = parse_status(STATUS).sessions
    assert undeclared(sessions, ["acme"]) == sessions
    assert undeclared(sessions, ["r.smith", "acme"]) == ()


def test_serial_numbers_of_a_list_of_revocations() -> None:
    text = "Revoked Certificates:\n    Serial Number: 0AF3\n        Revocation Date: ...\n    Serial Number: b1\n"
    assert revoked_serials(text) == {"0AF3", "B1"}
    assert revoked_serials("No Revoked Certificates.\n") == frozenset()
