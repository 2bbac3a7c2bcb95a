"""The files that stay on the host."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ansible_collections.pacs.hardening.plugins.module_utils._nft.arguments import TABLES
from ansible_collections.pacs.hardening.plugins.module_utils._nft.host_files import host_files
from ansible_collections.pacs.hardening.plugins.module_utils._nft.layout import Layout

TOOL, UNIT, DROP_IN = host_files(Layout())


def _tool(folder: Path) -> Path:
    layout = Layout(str(folder / "var/nft"), str(folder / "run"), str(folder / "tool"), str(folder / "units"))
    path = folder / "tool"
    path.write_text(host_files(layout)[0].content)
    return path


def test_every_placeholder_is_filled() -> None:
    for file in (TOOL, UNIT, DROP_IN):
        assert not re.findall("@[A-Z]+@", file.content)


def test_the_tool_knows_our_tables() -> None:
    for table in TABLES:
        assert table.replace(" ", ":") in TOOL.content


def test_the_tool_is_posix_shell() -> None:
    shell = shutil.which("dash") or "/bin/sh"
    assert subprocess.run([shell, "-n"], input=TOOL.content, text=True, check=False).returncode == 0


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
def test_the_tool_is_clean_to_shellcheck() -> None:
    done = subprocess.run(["shellcheck", "-"], input=TOOL.content, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_stopping_our_unit_keeps_the_rules() -> None:
    (stop,) = [line for line in UNIT.content.splitlines() if line.startswith("ExecStop")]
    assert stop == f"ExecStop={TOOL.path} remember"


@pytest.mark.parametrize(
    "change_id",
    ["", "..", "../../x", "00000001-0000000", "0000000a-00000000", "00000001-0000000g", "00000001-00-00000"],
)
def test_the_tool_refuses_what_is_no_change_id(change_id: str, tmp_path: Path) -> None:
    done = subprocess.run(["sh", _tool(tmp_path), "rollback", change_id], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "not a change id" in done.stderr


def test_the_tool_says_what_it_can_do(tmp_path: Path) -> None:
    for arguments, status in (["help"], 0), (["--help"], 0), ([], 1), (["hlep"], 1):
        done = subprocess.run(["sh", _tool(tmp_path), *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == status
        usage = done.stderr if status else done.stdout
        for command in ("status", "undo", "open --for 30m --reason", "close"):
            assert f"pacs-firewall {command}" in usage
