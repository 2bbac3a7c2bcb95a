"""What may be handed to nft: one table of ours and nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError
from ansible_collections.pacs.hardening.plugins.module_utils._nft.text import (
    check_ruleset,
    replace_script,
    ruleset_of,
    seal,
    unseal,
    warm_up_ruleset,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.tool.journal import JOURNAL

TABLE = "inet pacs"


@pytest.mark.parametrize(
    "text",
    [
        "table inet pacs {}",
        "table inet pacs { }\n",
        "# why\ntable inet pacs {\n  # inside, with a brace {\n  chain a { accept; }\n}\n# after\n",
        "table  inet\tpacs\n{\n}\n",
        'table inet pacs { chain a { log prefix "} table inet x { # " accept; }\n }\n',
        'table inet pacs { comment "include" }',
        "table inet pacs { chain include_a { jump define_b; } }",
    ],
)
def test_one_table_of_ours_is_accepted(text: str) -> None:
    check_ruleset(text, TABLE)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "no table in it"),
        ("# only a comment", "no table in it"),
        ("flush ruleset\ntable inet pacs {}", "line 1: found `flush`"),
        ("table inet pacs {}\nflush ruleset", "line 2: 'flush' stands after"),
        ("table inet pacs {}; delete table inet other", "'delete' stands after"),
        ("table inet pacs {}\ntable inet other {}", "'table' stands after"),
        ("table inet other {}", "found `table inet other`"),
        ("table ip pacs {}", "found `table ip`"),
        ("table inet pacs\ndelete table inet pacs", "found `table inet pacs delete`"),
        ("table inet pacs", "no table in it"),
        ("table inet {}", "without the heading"),
        ('table inet pacs {\n include "/etc/shadow"\n}', "line 2: `include`"),
        ("table inet pacs { chain a { define x = 1\n } }", "`define`"),
        ("table inet pacs { set s { redefine x = 1; } }", "`redefine`"),
        ("table inet pacs { inc\\\nlude x\n}", "backslash"),
        ("table inet pacs { chain a {", "2 brace(s) opened"),
        ("table inet pacs { } }", "stands after"),
        ("} table inet pacs {", "closing brace"),
        ('table inet pacs { comment "a\nb" }', "line 1: a string must end"),
        ("table inet pacs {\r\n}", "line 1: the character U+000D"),
        ("table inet pacs { # \u202e\n}", "U+202E"),
        ("table inet pacs { # \ud800\n}", "U+D800"),
    ],
)
def test_everything_else_is_refused_and_the_place_named(text: str, complaint: str) -> None:
    with pytest.raises(HardeningError) as caught:
        check_ruleset(text, TABLE)
    assert complaint in str(caught.value)


@given(st.text())
def test_no_text_gives_a_traceback(text: str) -> None:
    for candidate in (text, f"table inet pacs {{ {text} }}"):
        try:
            check_ruleset(candidate, TABLE)
        except HardeningError as error:
            assert str(error)


@given(
    st.lists(st.sampled_from(["table inet pacs {", "}", "{", ";", "\n", "# x", '"', "flush ruleset", "include", "a"]))
)
def test_what_is_accepted_has_one_block_and_nothing_outside(parts: list[str]) -> None:
    text = " ".join(parts)
    try:
        check_ruleset(text, TABLE)
    except HardeningError:
        return
    code = "".join(line.split("#")[0] for line in text.splitlines(keepends=True))
    before, _brace, rest = code.partition("{")
    assert before.split() == ["table", "inet", "pacs"]
    assert rest.rpartition("}")[2].strip(" ;\n") == ""


def test_a_script_deletes_only_its_own_table() -> None:
    assert replace_script(TABLE, None) == "table inet pacs\ndelete table inet pacs\n"
    assert replace_script(TABLE, "table inet pacs {\n}") == (
        "table inet pacs\ndelete table inet pacs\ntable inet pacs {\n}\n"
    )


def test_the_warm_up_is_a_table_of_ours_that_drops_nothing() -> None:
    text = warm_up_ruleset(TABLE)
    check_ruleset(text, TABLE)
    assert "drop" not in text
    assert text.count("policy accept") == text.count("ct state") == 2


@pytest.mark.parametrize("listing", [None, "table inet pacs {\n}\n", "# why\ntable inet pacs {\n}\n"])
def test_a_ruleset_comes_back_out_of_its_script(listing: str | None) -> None:
    assert ruleset_of(replace_script(TABLE, listing)) == listing


@given(st.text())
def test_what_was_sealed_comes_back_whole(script: str) -> None:
    assert unseal(seal(script)) in (script, script + "\n")


@given(st.text(), st.data())
def test_a_seal_tells_of_every_cut(script: str, data: st.DataObject) -> None:
    sealed = seal(script)
    cut = data.draw(st.integers(0, len(sealed) - 1))
    assert unseal(sealed[:cut]) is None
    assert unseal(sealed[:cut] + "x" + sealed[cut + 1 :]) is None or sealed[cut] == "x"


def test_what_is_missing_or_was_never_sealed_is_not_whole() -> None:
    assert unseal(None) is None
    assert unseal(replace_script(TABLE, None)) is None


def test_the_shell_knows_the_same_seal(tmp_path: Path) -> None:
    script = tmp_path / "script"
    for content, good in ((seal("table inet pacs"), True), (seal("a\nb\n") + "c\n", False), ("", False)):
        script.write_text(content)
        check = f'{JOURNAL}\nwhole "$1"'
        assert (subprocess.run(["sh", "-c", check, "sh", script], check=False).returncode == 0) is good
