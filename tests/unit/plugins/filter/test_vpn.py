"""The filters of the VPN, as a playbook calls them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from sites import remote_site

from ansible_collections.pacs.hardening.plugins.filter.vpn import FilterModule

FILTERS = FilterModule().filters()


def site() -> dict[str, Any]:
    """With dates that stand on the day the test runs."""
    document = remote_site()
    later = date.today() + timedelta(days=30)
    document["remote_access"]["tls"]["people"]["users"]["acme"]["until"] = later
    document["remote_access"]["ipsec"]["vendor"]["exceptions"][0]["expires_on"] = later
    return document


def test_a_gateway_of_a_site() -> None:
    rendered = FILTERS["swanctl_files"](site(), "edge")
    assert rendered["peers"] == {"pacs-branch": "gw-b.branch.example", "pacs-vendor": "vpn.acme.example"}
    assert rendered["children"] == {"pacs-branch": "pacs-branch-1", "pacs-vendor": "pacs-vendor-1"}
    assert rendered["identities"] == ["gw-a.hospital.example"]
    assert rendered["networks"] == ["198.18.90.0/24", "fd00:18:90::/64", "198.18.100.0/24"]
    assert (rendered["psk"], rendered["certificates"]) == ([], True)
    assert "proposals = aes256-sha256-modp2048" in rendered["files"]["conf.d/pacs-hardening.conf"]
    assert "set remote6" in FILTERS["vpn_guard"](rendered["networks"])


def test_userspace_takes_the_networks_that_are_named() -> None:
    rendered = FILTERS["swanctl_files"](
        site(), "edge", esp="userspace", local_networks=["198.18.0.0/18", "fd00:18::/42"]
    )
    text = rendered["files"]["conf.d/pacs-hardening.conf"]
    assert "local_ts = 198.18.0.0/18" in text and "198.18.30.10" not in text
    assert 'oifname != "ipsec0"' in FILTERS["vpn_guard"](rendered["networks"], "ipsec0")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FILTERS["swanctl_files"](site(), "egde"), "Did you mean 'edge'?"),
        (lambda: FILTERS["swanctl_files"](site(), "edge", esp="both"), "Known: kernel, userspace."),
        (lambda: FILTERS["swanctl_files"]([{}]), "no traffic is selected"),
        (lambda: FILTERS["swanctl_files"](site(), "edge", local_networks=["10.0.0.1/8"]), "Write 10.0.0.0/8."),
        (lambda: FILTERS["vpn_guard"](["10.0.0.300"]), "is not a network"),
        (lambda: FILTERS["vpn_guard"]([], "a name with blanks"), "is not an interface name"),
        (lambda: FILTERS["swanctl_secrets"](["x"]), "Write NAME: KEY for each tunnel."),
    ],
)
def test_what_is_wrong_is_one_clear_message(call: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        call()
    assert message in str(caught.value)


def test_secrets_get_the_names_of_connections() -> None:
    assert FILTERS["swanctl_secrets"]({"st.mary": "x"}) == {"pacs-st-mary": "x"}
