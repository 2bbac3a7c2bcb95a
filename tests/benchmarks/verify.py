"""How long a proof takes: beside the reading of what is proven, beside a BDD, and as the policy grows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from types import ModuleType
from typing import Any

from benchmarks import bdd
from benchmarks.measure import Line, NotMeasured, Sample, at_most, interleaved, ratio, seconds
from benchmarks.packages import python_package
from benchmarks.policies import policy
from kernel.namespaces import Namespace

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.expected import expect_forward, expect_input
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.interfaces import Interfaces, interface_names
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.listing import read_listing
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.verify import path_of, verify
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.model import EnforcementPolicy

_FLOWS, _MANY = 10_000, 50_000
_READING, _SLOWEST = at_most(4), at_most(1)
#: Per flow, at five times as many: what isn't linear is far above.
_LINEAR = at_most(1.25)


def lines() -> Iterator[Line]:
    """Both directions, with a witness; half of the wide policy's flows have prefixes and port ranges."""
    for title, wide in (("", 0.0), (", half of them with prefixes and ranges", 0.5)):
        yield from _beside_peers(f"verify {_FLOWS:,} flows{title}", policy(_FLOWS, wide))
    yield _growth()


def _beside_peers(what: str, made: EnforcementPolicy) -> Iterator[Line]:
    namespace = Namespace("verify")
    namespace.run("nft", "-f", "-", text=render(made))
    listing = json.loads(_listed(namespace))
    opened = json.loads(json.dumps(listing).replace('"policy": "drop"', '"policy": "accept"'))
    works = {
        "verify": seconds(lambda: _expect(listing, made, "proven")),
        "refute": seconds(lambda: _expect(opened, made, "refuted")),
        "read": seconds(lambda: json.loads(_listed(namespace))),
    }
    library: ModuleType | None = None
    reason = ""
    try:
        library = python_package("dd.cudd")
    except NotMeasured as error:
        reason = str(error)
    if library:
        works["bdd"] = _bdd(library, listing, made)
    try:
        found = interleaved(works)
    finally:
        namespace.close()
    yield ratio(what, found["verify"], "nft -j list + json.loads", found["read"], _READING)
    if library:
        yield ratio("  the same, beside a BDD", found["verify"], "dd.cudd", found["bdd"], _SLOWEST)
    else:
        yield Line("  the same, beside a BDD", "not measured", reason)
    yield ratio("  with every policy turned to accept: refuted", found["refute"], "proven", found["verify"], None)


def _growth() -> Line:
    works = {}
    for flows in (_FLOWS, _MANY):
        made = policy(flows)
        namespace = Namespace("growth")
        try:
            namespace.run("nft", "-f", "-", text=render(made))
            listing = json.loads(_listed(namespace))
        finally:
            namespace.close()
        works[f"{flows}"] = seconds(partial(_expect, listing, made, "proven"))
    found = interleaved(works)
    few, many = (Sample(tuple(value / flows * 1e6 for value in found[f"{flows}"].values)) for flows in (_FLOWS, _MANY))
    return ratio(f"verify {_MANY:,} flows, a flow", many, f"at {_FLOWS:,}", few, _LINEAR, " us")


def _listed(namespace: Namespace) -> str:
    return namespace.run("nft", "-j", "list", "ruleset")


def _expect(listing: Mapping[str, Any], made: EnforcementPolicy, verdict: str) -> None:
    result = verify(listing, made)
    if result.verdict != verdict:
        raise AssertionError(f"{verdict} was expected: {result}")


def _bdd(library: ModuleType, listing: Mapping[str, Any], made: EnforcementPolicy) -> Any:
    """A work that proves the same with a BDD, after it has shown that it would notice both kinds of error."""
    ruleset = read_listing(listing)
    interfaces = Interfaces([*made.interfaces, *interface_names(ruleset)])
    sides = [
        (expected, path_of(ruleset, expected, interfaces))
        for family in (4, 6)
        for expected in (expect_forward(made, interfaces, family), expect_input(made, interfaces, family))
    ]

    def prove() -> None:
        found = [bdd.differences(library, expected, path) for expected, path in sides]
        if any(any(one) for one in found):
            raise AssertionError(f"the BDD disagrees with the verifier: {found}")

    forward, path = sides[0]
    missing = forward.allowed.pop()
    assert bdd.differences(library, forward, path).undeclared, "the BDD doesn't see what is undeclared"
    forward.allowed.append(missing)
    entries = path.programs[0].entries
    gone = next(number for number, entry in enumerate(entries) if entry.box == missing)
    path.programs[0].entries = [*entries[:gone], *entries[gone + 1 :]]
    assert bdd.differences(library, forward, path).blocked, "the BDD doesn't see what is blocked"
    path.programs[0].entries = entries
    return seconds(prove)
