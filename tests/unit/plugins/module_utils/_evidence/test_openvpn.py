"""What is kept of an OpenVPN server's configuration and state, and what never is."""

from __future__ import annotations

from datetime import date

import pytest
from vpn_example import gateway, user

from ansible_collections.pacs.hardening.plugins.module_utils._evidence.openvpn import (
    Door,
    Factor,
    directives,
    is_server,
    pam_service,
    second_factor,
    server_document,
)
from ansible_collections.pacs.hardening.plugins.plugin_utils._vpn.openvpn import gateway_files, places

OWN = next(
    file.text for file in gateway_files(gateway(user("r.smith", 10)), date(2026, 11, 27)) if file.path.endswith(".conf")
)
WEAK = """
# duplicate-cn
server 10.8.0.0 255.255.255.0
duplicate-cn
comp-lzo   # old clients
cipher BF-CBC
<secret>
-----BEGIN OpenVPN Static key V1-----
duplicate-cn of a block
</secret>
management 127.0.0.1 7505
"""


def test_of_our_own_server_all_that_matters_is_kept() -> None:
    said = directives(OWN)
    assert said["tls-version-min"] == ["1.3"] and said["ccd-exclusive"] == [""]
    assert said["management"] == [f"{places('people').management} unix"]
    assert is_server(said, OWN)


def test_a_weak_servers_lines_are_kept_and_its_key_is_not() -> None:
    said = directives(WEAK)
    assert said == {
        "duplicate-cn": [""],
        "comp-lzo": [""],
        "cipher": ["BF-CBC"],
        "secret": ["[inline]"],
        "management": ["127.0.0.1 7505"],
    }
    assert is_server(said, WEAK) and not is_server({}, "client\nremote a\n")


@pytest.mark.parametrize(
    ("lines", "mode", "directory", "closed"),
    [
        ("management-client-user root", 0o777, 0o755, True),
        ("", 0o777, 0o700, True),
        ("", 0o700, 0o755, True),
        ("", 0o777, 0o755, False),
        ("", 0o777, 0o710, False),
    ],
)
def test_an_open_management_socket_is_one(lines: str, mode: int, directory: int, closed: bool) -> None:
    found = server_document("/a.conf", directives(lines), Door("/run/a/m", mode, directory), None, "not asked")
    assert found["management"] == {"path": "/run/a/m", "there": True, "closed": closed}
    assert (found["sessions"], found["not_asked"]) == (None, "not asked")


class TestSecondFactor:
    def test_of_our_own_service(self) -> None:
        files = gateway_files(gateway(user("r.smith", 10)), date(2026, 11, 27))
        text = next(file.text for file in files if file.path.startswith("/etc/pam.d/"))
        assert second_factor(text) == Factor(True, (places("people").machines,))
        assert pam_service(directives(OWN)) == "pacs-vpn-people"

    @pytest.mark.parametrize(
        ("text", "asked"),
        [
            ("auth required pam_oath.so usersfile=/etc/users.oath\n", True),
            ("auth required pam_google_authenticator.so nullok\n", False),
            ("auth sufficient pam_google_authenticator.so\nauth required pam_unix.so\n", False),
            ("auth required pam_unix.so\n", False),
            ("auth sufficient pam_radius_auth.so\n", None),
            ("@include common-auth\n", None),
            ("auth [success=1 default=ignore] pam_unix.so\n", None),
            ("# auth required pam_oath.so\n", False),
        ],
    )
    def test_of_others(self, text: str, asked: bool | None) -> None:
        assert second_factor(text).asked is asked

    def test_without_the_plugin_nobody_is_asked(self) -> None:
        assert pam_service(directives(WEAK)) is None
