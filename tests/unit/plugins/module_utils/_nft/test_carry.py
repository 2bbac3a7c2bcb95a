"""What the kernel remembers, out of nft's text and into the next ruleset."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.module_utils._nft.carry import (
    DynamicSet,
    Element,
    add_script,
    carried,
    dynamic_sets,
    elements_of,
    keeps,
    loading_time,
    seconds,
    sets_text,
    without_elements,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.text import check_ruleset

# As nft 1.0.6 lists it.
LISTING = """table inet pacs {
    comment "set x { type ipv4_addr; flags timeout; }"
    set undeclared4 {
        type ipv4_addr . ipv4_addr . inet_proto . inet_service
        size 65535
        flags dynamic,timeout
        counter
        timeout 30d
        elements = { 10.0.0.1 . 10.0.0.2 . tcp . 104 counter packets 5 bytes 300 expires 29d23h59m59s996ms,
                 10.0.0.1 . 10.0.0.2 . tcp . 105 counter packets 7 bytes 8 timeout 20d expires 9d comment "a } b, c" }
    }

    set opened {
        type inet_proto
        flags timeout
    }

    set flows {
        type ipv4_addr . inet_service
        counter
        elements = { 10.0.0.2 . 104 counter packets 0 bytes 0 comment "flags timeout" }
    }

    chain forward {
        type filter hook forward priority filter; policy drop;
        meta mark set 0x00000001 accept
        update @undeclared4 { ip saddr . ip daddr . meta l4proto . th dport } counter packets 0 bytes 0 drop
    }
}
""".replace("    ", "\t")
# As a compiler, or a hand, may write it.
WRITTEN = """table inet pacs { set undeclared4 { flags timeout , dynamic; timeout 30d; size 65535; counter
    type ipv4_addr . ipv4_addr . inet_proto . inet_service; }
  set window { typeof ip saddr; elements = { 10.0.0.1 timeout 1h }; flags timeout }
  set flows { type ipv4_addr; elements = { 10.0.0.1 } } }
"""
MEMORY = DynamicSet(
    "undeclared4", "type ipv4_addr . ipv4_addr . inet_proto . inet_service", True, 30 * 86400.0, 65535, True
)
OPENED = DynamicSet("opened", "type inet_proto", True)
DAY = 86400.0


def test_dynamic_sets_are_found_in_a_listing_and_in_a_written_text() -> None:
    assert dynamic_sets(LISTING) == {"undeclared4": dataclasses.replace(MEMORY, filled=True), "opened": OPENED}
    window = DynamicSet("window", "typeof ip saddr", True, filled=True)
    assert dynamic_sets(WRITTEN) == {"undeclared4": MEMORY, "window": window}


def test_a_table_is_emptied_of_what_it_remembers_and_of_nothing_else() -> None:
    emptied = without_elements(LISTING, ["undeclared4", "opened"])
    start, end = LISTING.index("\t\telements = { 10.0.0.1"), LISTING.index("\t}\n\n\tset opened")
    assert emptied == LISTING[:start] + LISTING[end:]
    assert dynamic_sets(emptied) == {"undeclared4": MEMORY, "opened": OPENED}
    assert without_elements(LISTING, []) == LISTING
    assert elements_of(without_elements(WRITTEN, ["window"])) == []
    check_ruleset(without_elements(WRITTEN, ["window"]), "inet pacs")


def test_elements_are_read_whole() -> None:
    first, second = elements_of(LISTING)
    assert first.expires == pytest.approx(30 * DAY, abs=1)
    assert first == Element("10.0.0.1 . 10.0.0.2 . tcp . 104", (5, 300), None, first.expires, None)
    assert second == Element("10.0.0.1 . 10.0.0.2 . tcp . 105", (7, 8), 20 * DAY, 9 * DAY, "a } b, c")


@pytest.mark.parametrize(
    "element",
    [
        "10.0.0.1 limit rate over 20/second burst 40 packets expires 3s",
        "10.0.0.1 expires soon",
        "10.0.0.1 10.0.0.2",
        '10.0.0.1 comment "x\n} chain forward { accept comment "y"',
        "10.0.0.1 ; flush ruleset",
    ],
)
def test_what_is_not_understood_is_never_carried(element: str) -> None:
    with pytest.raises(HardeningError, match="isn't understood"):
        elements_of(f"table inet pacs {{\n\tset a {{\n\t\ttype ipv4_addr\n\t\telements = {{ {element} }}\n\t}}\n}}\n")


@pytest.mark.parametrize(
    ("text", "value"), [("1799s", 1799), ("30d", 30 * DAY), ("29m59s984ms", 1799.984), ("1d1h1m1s1ms", 90061.001)]
)
def test_times(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)


def test_only_an_equal_empty_set_takes_over() -> None:
    assert keeps(MEMORY, MEMORY)
    assert not keeps(None, MEMORY)
    assert not keeps(dataclasses.replace(MEMORY, type="type ipv4_addr"), MEMORY)
    assert not keeps(dataclasses.replace(MEMORY, timed=False), MEMORY)
    assert not keeps(dataclasses.replace(MEMORY, filled=True), MEMORY)
    assert keeps(dataclasses.replace(MEMORY, size=9, timeout=5.0), MEMORY)


def test_an_element_is_written_with_all_it_has() -> None:
    items = [Element("6", (1, 2), 1800.0, 1700.9, "why"), Element("17", None, 1800.0, 3.0)]
    assert carried(items, OPENED, OPENED, 2.5) == ['6 timeout 1800s expires 1698s comment "why"']
    assert carried(items[:1], MEMORY, MEMORY, 0.0) == [
        '6 counter packets 1 bytes 2 timeout 1800s expires 1700s comment "why"'
    ]
    # Another default: the old one stays with the element, so that its age can still be told.
    default = [Element("a", None, None, 9 * DAY)]
    assert carried(default, MEMORY, MEMORY, 0.0) == ["a expires 777600s"]
    shorter = dataclasses.replace(MEMORY, timeout=7 * DAY)
    assert carried(default, MEMORY, shorter, 0.0) == ["a timeout 2592000s expires 777600s"]


def test_what_never_ends_is_not_kept_in_a_set_whose_elements_end() -> None:
    forever = [Element("6")]
    assert carried(forever, OPENED, OPENED, 0.0) == []
    untimed = dataclasses.replace(OPENED, timed=False)
    assert carried(forever, untimed, untimed, 1e9) == ["6"]


def test_the_script() -> None:
    assert add_script("inet pacs", {"a": ["1", "2"], "b": []}) == "add element inet pacs a {\n1,\n2\n}\n"
    assert sets_text([OPENED]) == "opened type inet_proto\n"


_TIMES = st.floats(0.001, 60 * DAY)
_ELEMENTS = st.builds(
    Element,
    st.integers(0, 255).map(str),
    st.none() | st.tuples(st.integers(0, 2**64), st.integers(0, 2**64)),
    st.none() | _TIMES,
    st.none() | _TIMES,
    st.none() | st.text("abc }{,;#.", max_size=9),
)
_SETS = st.builds(
    DynamicSet,
    st.just("s"),
    st.just("type inet_proto"),
    st.booleans(),
    st.none() | _TIMES,
    st.none() | st.integers(1, 9),
)


@given(st.lists(_ELEMENTS, unique_by=lambda one: one.key), _SETS, _SETS, _TIMES)
def test_time_only_shrinks_and_nothing_is_invented(
    items: list[Element], old: DynamicSet, new: DynamicSet, passed: float
) -> None:
    new = dataclasses.replace(new, timed=old.timed, counter=True)
    lines = carried(items, old, new, passed)
    assert new.size is None or len(lines) <= new.size
    before = {item.key: item for item in items}
    text = f"set s {{ type inet_proto; elements = {{ {', '.join(lines)} }} }}"
    for item in elements_of(text):
        was = before.pop(item.key)
        assert (item.counter, item.comment) == (was.counter, was.comment)
        if old.timed:
            assert was.expires is not None and item.expires is not None
            assert 0 < item.expires <= was.expires - passed
            assert item.timeout is None or item.timeout >= item.expires


@given(st.text('ab \n\t{}"=,;#', max_size=60))
def test_no_text_gives_a_traceback_or_takes_long(text: str) -> None:
    for whole in (text, f"table inet pacs {{ set a {{ type x; flags timeout; elements = {{ {text} }} }} }}"):
        sets = dynamic_sets(whole)
        without_elements(whole, sets)
        try:
            elements_of(whole)
        except HardeningError as error:
            assert str(error)


def test_loading_is_given_time() -> None:
    assert loading_time(0) == 1.0 and loading_time(65535) > 7
