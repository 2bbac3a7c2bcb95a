"""What the module firewall_flows_info returns, as tests want it: on the lab's firewall core unless told otherwise."""

from __future__ import annotations

from typing import Any

CT1, PACS1, WS1, STRANGER = "198.18.20.11", "198.18.30.10", "198.18.60.21", "198.18.20.77"


def seen(mode: str | None = "watch", **changes: Any) -> dict[str, Any]:
    """A firewall that has counted for two hours and saw nothing."""
    return {
        "mode": mode,
        "mode_reason": None,
        "read_at": "2026-11-27T05:00:00Z",
        "since": "2026-11-27T03:00:00Z",
        "memory": True,
        "undeclared": [],
        "full": False,
        "not_remembered": 0,
        "counters": {},
        "declared": [],
        "unused": [],
        "opening": None,
        "connections": None,
        "connections_reason": "not asked",
        "own_addresses": ["198.18.0.14"],
        **changes,
    }


def undeclared(source: str, destination: str, port: int, count: int = 12, idle: int = 180, **more: Any) -> Any:
    """One entry of the memory."""
    return {
        "source": source,
        "destination": destination,
        "protocol": "tcp",
        "port": port,
        "count": count,
        "idle": idle,
        "declared": False,
        **more,
    }


def declared(source: str, destination: str, port: int, note: str, count: int = 3, kind: str = "exact4") -> Any:
    """The use of one declared flow."""
    return {
        "set": f"{kind}_from_a_to_b",
        "key": [source, destination, "tcp", str(port)],
        "note": note,
        "count": count,
    }
