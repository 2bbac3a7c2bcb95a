"""Interventions as files that a shell script reads, and what it lists."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._access.host_files import (
    command_text,
    sudoers_text,
    unit_texts,
)
from ansible_collections.pacs.hardening.plugins.module_utils._access.interventions import (
    Window,
    file_text,
    window_named,
    windows_in,
)
from ansible_collections.pacs.hardening.plugins.module_utils._access.layout import AccessLayout
from ansible_collections.pacs.hardening.plugins.module_utils._access.tool.text import tool_text
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

ONE = {
    "name": "vendor1-ct1-ssh",
    "from": "vendor1",
    "to": "ct1",
    "what": "tcp 22",
    "reason": "service",
    "owner": "Anna Example",
    "contract": "SC-1",
    "longest_minutes": 60,
    "on_call": False,
    "also": ["core"],
    "elements": {"window4_from_remote_to_modality": ["198.18.80.20 . 198.18.20.11 . tcp . 22"]},
}
LISTED = (
    '{"id": "w1", "name": "a-b-ssh", "ticket": "1", "reason": "x", "by": "y", "granted": 1, "deadline": 9, "left": 3}'
)


def test_a_file_has_a_word_and_a_value_a_line() -> None:
    assert file_text(ONE).splitlines() == [
        "name vendor1-ct1-ssh",
        "from vendor1",
        "to ct1",
        "what tcp 22",
        "reason service",
        "owner Anna Example",
        "contract SC-1",
        "longest 60",
        "on_call no",
        "also core",
        "element window4_from_remote_to_modality 198.18.80.20 . 198.18.20.11 . tcp . 22",
    ]


def test_no_text_of_the_site_becomes_another_line() -> None:
    text = file_text({**ONE, "reason": "x\non_call yes\nelement a b", "owner": 'A "B" \\ C'})
    assert "on_call yes\n" not in text and '"' not in text and "\\" not in text
    assert len(text.splitlines()) == len(file_text(ONE).splitlines())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "../x"}, "isn't a name"),
        ({"also": ["a b"]}, "isn't a name"),
        ({"elements": {}}, "opens nothing on this firewall"),
        ({"elements": {"other": ["198.18.80.20 . 198.18.20.11 . tcp . 22"]}}, "an element that isn't understood"),
        ({"elements": {"window4_x": ["1.1.1.1 . 2.2.2.2 . tcp . 22 }; flush ruleset"]}}, "isn't understood"),
    ],
)
def test_what_would_be_no_intervention_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(HardeningError, match=said):
        file_text({**ONE, **changed})


def test_windows_are_read_as_they_are_listed() -> None:
    (window,) = windows_in(f"{LISTED}\n")
    assert window == Window("w1", "a-b-ssh", "1", "x", "y", 1, 9, 3)
    assert window_named([window], "a-b-ssh") == window and window_named([window], "other") is None
    with pytest.raises(HardeningError, match="isn't understood"):
        windows_in("No window is open.")


def test_the_files_of_the_host_name_its_paths() -> None:
    layout = AccessLayout()
    assert sudoers_text(layout, "pacs-oncall").endswith(
        "%pacs-oncall ALL=(root) NOPASSWD: /usr/local/sbin/pacs-access\n"
    )
    for text in (command_text(layout), *unit_texts(layout).values()):
        assert "@" not in text.replace('"$@"', "")


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
def test_both_scripts_are_clean_to_shellcheck() -> None:
    for text in (tool_text(AccessLayout()), command_text(AccessLayout())):
        done = subprocess.run(["shellcheck", "-"], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
