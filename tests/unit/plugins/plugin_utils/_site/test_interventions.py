"""What a site may say of interventions, and the messages where it says something else."""

from __future__ import annotations

from typing import Any

import pytest
from sites import remote_site

from ansible_collections.pacs.hardening.plugins.plugin_utils._site.faults import SiteError
from ansible_collections.pacs.hardening.plugins.plugin_utils._site.load import load_site

AT = "pacs_site.conduits"


def with_conduit(**changed: Any) -> dict[str, Any]:
    """A site with one more intervention; keys with None are left out."""
    base = {
        "from": "vendor1", "to": "ct1", "protocol": "tcp", "ports": [5900], "reason": "screen", "kind": "intervention",
        "owner": "Anna Example", "contract": "SC-1",
    }  # fmt: skip
    site = remote_site()
    merged = {**base, **changed}
    site["conduits"].append({key: value for key, value in merged.items() if value is not None})
    return site


def test_what_is_said_of_windows_is_read() -> None:
    conduit = load_site(with_conduit(longest_minutes=30, on_call=True)).site.conduits[-1]
    assert (conduit.longest, conduit.on_call) == (30, True)
    assert [name for name, _source, _destination in conduit.interventions()] == ["vendor1-ct1-tcp-5900"]
    default = load_site(with_conduit()).site.conduits[-1]
    assert (default.longest, default.on_call) == (240, False)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"from": "remote"}, "a window opens from one device to another, and 'remote' is none. Name devices."),
        ({"to": "edge"}, "a window opens from one device to another, and 'edge' is none. Name devices."),
        ({"service": "ping", "protocol": None, "ports": None}, "a window opens TCP or UDP. Name the service"),
        ({"ports": ["1-65"]}, "65 ports are more than a window opens. Name those that the vendor uses, 64 at most."),
        ({"longest_minutes": 0}, "'0' is no length of a window. Write a number of minutes from 1 to 10080"),
        ({"longest_minutes": True}, "is no length of a window"),
        ({"longest_minutes": "4h"}, "is no length of a window"),
        ({"owner": None}, "an intervention without owner. Add owner: no window is granted without one."),
        ({"kind": "standing", "on_call": True}, "on_call says something of windows, and only an intervention has any."),
        ({"service": "ssh", "protocol": None, "ports": None}, "the intervention 'vendor1-ct1-ssh' is declared twice."),
    ],
)
def test_what_makes_no_window_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(SiteError) as refused:
        load_site(with_conduit(**changed))
    assert said in str(refused.value)
