"""Damages a listing of rules at random, in the ways in which rulesets are damaged in earnest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from ipaddress import ip_address, ip_network
from random import Random
from typing import Any

Listing = dict[str, Any]
Mutation = Callable[[Random, Listing], str | None]

_ACCEPT = {"accept": None}
_DROP = {"drop": None}


def mutate(random: Random, listing: Listing, mutation: Mutation) -> tuple[Listing, str] | None:
    """A damaged copy and what was done to it; None where the listing has nothing that could be damaged so."""
    copy = deepcopy(listing)
    done = mutation(random, copy)
    return None if done is None else (copy, f"{mutation.__name__}: {done}")


def remove_element(random: Random, listing: Listing) -> str | None:
    """One declared flow is gone."""
    elements = _some_elements(random, listing)
    return None if elements is None else str(elements.pop(random.randrange(len(elements))))


def add_element(random: Random, listing: Listing) -> str | None:
    """One flow more: a copy of another with one field changed."""
    elements = _some_elements(random, listing)
    if elements is None:
        return None
    new = deepcopy(random.choice(elements))
    fields = _fields(new)
    place = random.randrange(len(fields))
    fields[place] = _other(random, fields[place])
    elements.append(new)
    return str(new)


def change_element(random: Random, listing: Listing) -> str | None:
    """One flow is another one."""
    elements = _some_elements(random, listing)
    if elements is None:
        return None
    fields = _fields(random.choice(elements))
    place = random.randrange(len(fields))
    before, fields[place] = fields[place], _other(random, fields[place])
    return f"{before} -> {fields[place]}"


def widen_prefix(random: Random, listing: Listing) -> str | None:
    """A prefix is a bit shorter, an address becomes a prefix."""
    found = [
        (fields, place)
        for elements in _all_elements(listing)
        for fields in map(_fields, elements)
        for place, value in enumerate(fields)
        if (isinstance(value, dict) and value.get("prefix", {}).get("len", 0) > 0) or _is_address(value)
    ]
    if not found:
        return None
    fields, place = random.choice(found)
    before = fields[place]
    text = before if isinstance(before, str) else f"{before['prefix']['addr']}/{before['prefix']['len']}"
    wider = ip_network(text).supernet(random.randint(1, 4))
    fields[place] = {"prefix": {"addr": str(wider[0]), "len": wider.prefixlen}}
    return f"{text} -> {wider}"


def grow_ports(random: Random, listing: Listing) -> str | None:
    """A port becomes a range, or a range grows at its end."""
    found = [
        (fields, place)
        for elements in _all_elements(listing)
        for fields in map(_fields, elements)
        for place, value in enumerate(fields)
        if isinstance(value, int) or (isinstance(value, dict) and isinstance(value.get("range", [""])[0], int))
    ]
    if not found:
        return None
    fields, place = random.choice(found)
    first, last = fields[place]["range"] if isinstance(fields[place], dict) else (fields[place], fields[place])
    fields[place] = {"range": [first, last + 1]} if random.random() < 0.5 else {"range": [max(first - 1, 1), last]}
    return f"{first}-{last} -> {fields[place]}"


def redirect_dispatch(random: Random, listing: Listing) -> str | None:
    """Two entries of a verdict map change places, or one loses its key."""
    maps = [item["vmap"]["data"]["set"] for item in _statements(listing, "vmap") if "jump" in str(item)]
    if not maps:
        return None
    entries = random.choice(maps)
    if len(entries) > 1 and random.random() < 0.5:
        one, other = random.sample(entries, 2)
        one[1], other[1] = other[1], one[1]
        return f"{one} <-> {other}"
    entry = random.choice(entries)
    fields = _fields(entry[0])
    place = random.randrange(len(fields))
    before, fields[place] = fields[place], _other(random, fields[place])
    return f"{before} -> {fields[place]}"


def flip_policy(random: Random, listing: Listing) -> str | None:
    """A default of drop becomes accept."""
    chain = random.choice(
        [item["chain"] for item in listing["nftables"] if item.get("chain", {}).get("policy") == "drop"]
    )
    chain["policy"] = "accept"
    return str(chain["name"])


def delete_rule(random: Random, listing: Listing) -> str | None:
    """A rule that decides something is gone."""
    rules = [item for item in listing["nftables"] if "rule" in item and not _only_logs(item["rule"])]
    rule = random.choice(rules)
    listing["nftables"].remove(rule)
    return f"{rule['rule']['chain']} {rule['rule']['expr']}"


def move_rule(random: Random, listing: Listing) -> str | None:
    """A rule stands at the end or at the start of its chain."""
    rule = random.choice([item for item in listing["nftables"] if "rule" in item])
    listing["nftables"].remove(rule)
    places = [
        place
        for place, item in enumerate(listing["nftables"])
        if item.get("rule", {}).get("chain") == rule["rule"]["chain"]
    ]
    first = random.random() < 0.5
    where = len(listing["nftables"]) if not places else places[0] if first else places[-1] + 1
    listing["nftables"].insert(where, rule)
    return f"{rule['rule']['chain']} {rule['rule']['expr']} {'first' if first else 'last'}"


def insert_rule(random: Random, listing: Listing) -> str | None:
    """Somebody adds a rule of their own."""
    chain = random.choice([item["chain"]["name"] for item in listing["nftables"] if "chain" in item])
    place = next(place for place, item in enumerate(listing["nftables"]) if item.get("rule", {}).get("chain") == chain)
    port = random.choice([22, 104, 443, 2575, 11112])
    matches: list[list[dict[str, Any]]] = [
        [],
        [_match({"payload": {"protocol": random.choice(["tcp", "udp"]), "field": "dport"}}, port)],
        [_match({"meta": {"key": "nfproto"}}, random.choice(["ipv4", "ipv6"]))],
        [_match({"meta": {"key": "l4proto"}}, random.choice(["tcp", "udp", "icmp", "ipv6-icmp"]))],
        [_match({"meta": {"key": "iifname"}}, random.choice(["stranger0", "strange*", *_interfaces(listing)]))],
        [{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": random.choice(["new", "established"])}}],
        [_match({"payload": {"protocol": "ip", "field": "saddr"}}, {"prefix": {"addr": "198.18.0.0", "len": 15}})],
    ]
    rule = [*random.choice(matches), random.choice([_ACCEPT, _DROP, {"return": None}])]
    listing["nftables"].insert(place, _rule(chain, rule, "pacs"))
    return f"{chain} {rule}"


def drop_ipv6(random: Random, listing: Listing) -> str | None:
    """The IPv6 half of something is gone: a set is empty, or a rule missing."""
    sets = [
        item["set"]
        for item in listing["nftables"]
        if item.get("set", {}).get("elem") and "ipv6_addr" in item["set"]["type"]
    ]
    if not sets:
        return None
    found = random.choice(sets)
    found["elem"] = []
    return str(found["name"])


def widen_established(random: Random, listing: Listing) -> str | None:
    """What is accepted without a look grows by new, untracked or invalid packets, or shrinks."""
    states = [item["vmap"]["data"]["set"] for item in _statements(listing, "vmap") if "established" in str(item)]
    entries = random.choice(states)
    if random.random() < 0.3:
        return f"without {entries.pop(random.randrange(len(entries)))}"
    state = random.choice(["new", "untracked", "invalid"])
    entries[:] = [entry for entry in entries if entry[0] != state]
    entries.append([state, _ACCEPT])
    return state


def foreign_drop(random: Random, listing: Listing) -> str | None:
    """Another table drops something, before or after ours."""
    hook = random.choice(["prerouting", "forward", "input"])
    chain = {"family": "inet", "table": "other", "name": "guard", "type": "filter", "hook": hook, "policy": "accept"}
    listing["nftables"].append({"table": {"family": "inet", "name": "other"}})
    listing["nftables"].append({"chain": {**chain, "prio": random.choice([-150, -10, 10])}})
    port = random.choice([22, 80, 2575, 11112])
    rule = [_match({"payload": {"protocol": "tcp", "field": "dport"}}, port), random.choice([_DROP, {"reject": None}])]
    listing["nftables"].append(_rule("guard", rule, "other"))
    return f"{hook} tcp dport {port}"


def open_input(random: Random, listing: Listing) -> str | None:
    """Something more gets to the firewall itself."""
    left = random.choice([{"payload": {"protocol": "tcp", "field": "dport"}}, {"meta": {"key": "iifname"}}])
    right: Any = random.choice([22, 80, 9100]) if "payload" in left else random.choice(_interfaces(listing))
    place = next(
        place for place, item in enumerate(listing["nftables"]) if item.get("rule", {}).get("chain") == "input"
    )
    listing["nftables"].insert(place, _rule("input", [_match(left, right), _ACCEPT], "pacs"))
    return f"{left} {right}"


def accept_refused(random: Random, listing: Listing) -> str | None:
    """What no rule takes is let through: by the memory, by what stands before it, or by what comes after it."""
    endings = [
        item["rule"]
        for item in listing["nftables"]
        if any(name in str(item.get("rule")) for name in ("undeclared_", "not_remembered"))
    ]
    rule = random.choice(endings)
    rule["expr"] = [*(part for part in rule["expr"] if "drop" not in part), _ACCEPT]
    return f"{rule['chain']} {rule['expr']}"


def open_console(random: Random, listing: Listing) -> str | None:
    """An opening is in force, or the text came with one: with or without an end."""
    opened = next(item["set"] for item in listing["nftables"] if item.get("set", {}).get("name") == "opened")
    element: Any = random.choice(["tcp", "udp", "icmp", "ipv6-icmp", "gre"])
    if random.random() < 0.5:
        element = {"elem": {"val": element, "timeout": 1800, "expires": random.randint(0, 1800)}}
    opened["elem"] = [element]
    return str(element)


def open_always(random: Random, listing: Listing) -> str | None:
    """The rule for openings asks no set."""
    rule = next(item["rule"] for item in listing["nftables"] if "@opened" in str(item.get("rule", {}).get("expr")))
    question = _match({"meta": {"key": "l4proto"}}, random.choice(["tcp", "udp", {"set": ["tcp", "udp"]}]))
    rule["expr"] = [*([question] if random.random() < 0.7 else []), *rule["expr"][1:]]
    return str(rule["expr"])


MUTATIONS: tuple[Mutation, ...] = (
    remove_element,
    add_element,
    change_element,
    widen_prefix,
    grow_ports,
    redirect_dispatch,
    flip_policy,
    delete_rule,
    move_rule,
    insert_rule,
    drop_ipv6,
    widen_established,
    foreign_drop,
    open_input,
    accept_refused,
    open_console,
    open_always,
)


def _match(left: Any, right: Any) -> dict[str, Any]:
    return {"match": {"op": "==", "left": left, "right": right}}


def _rule(chain: str, statements: list[dict[str, Any]], table: str) -> dict[str, Any]:
    return {"rule": {"family": "inet", "table": table, "chain": chain, "handle": 9999, "expr": statements}}


def _only_logs(rule: dict[str, Any]) -> bool:
    return all(next(iter(part)) in ("limit", "log", "counter") for part in rule["expr"])


def _all_elements(listing: Listing) -> Iterator[list[Any]]:
    """Of the sets of flows: those of openings are no concatenations."""
    sets = (item["set"] for item in listing["nftables"] if "set" in item)
    return (
        found["elem"]
        for found in sets
        # What is open now is said by these, so another element is another truth and no damage.
        if found.get("elem") and found["name"] != "opened" and not found["name"].startswith("window")
    )


def _some_elements(random: Random, listing: Listing) -> list[Any] | None:
    every = list(_all_elements(listing))
    return random.choice(every) if every else None


def _fields(element: Any) -> list[Any]:
    """The parts of an element, to be changed in place."""
    value = element["elem"]["val"] if isinstance(element, dict) and "elem" in element else element
    fields: list[Any] = value["concat"]
    return fields


def _statements(listing: Listing, kind: str) -> Iterator[dict[str, Any]]:
    for item in listing["nftables"]:
        yield from (part for part in item.get("rule", {}).get("expr", ()) if kind in part)


def _interfaces(listing: Listing) -> list[str]:
    keys = [entry[0] for item in _statements(listing, "vmap") for entry in item["vmap"]["data"]["set"]]
    return sorted({key["concat"][0] for key in keys if isinstance(key, dict) and isinstance(key["concat"][0], str)})


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and ("." in value or ":" in value)


def _other(random: Random, value: Any) -> Any:
    """Something of the same kind, near by."""
    if isinstance(value, int):
        return value + random.choice([-1, 1])
    if isinstance(value, dict) and "range" in value:
        first, last = value["range"]
        return {"range": [first, last + 1]} if isinstance(first, int) else first
    if isinstance(value, dict) and "prefix" in value:
        network = ip_network(f"{value['prefix']['addr']}/{value['prefix']['len']}")
        if network.prefixlen == 0:
            return {"prefix": {"addr": str(network[0]), "len": 1}}
        moved = ip_network((int(network[0]) ^ network.num_addresses, network.prefixlen))
        return {"prefix": {"addr": str(moved[0]), "len": moved.prefixlen}}
    if value in ("tcp", "udp"):
        return "udp" if value == "tcp" else "tcp"
    if _is_address(value):
        return str(
            ip_address(int(ip_address(value)) ^ 1 if "." in value else 0) if "." in value else ip_address(value) + 1
        )
    if value == "echo-request":
        return "echo-reply"
    return random.choice(["stranger0", f"{value}9"])
