"""The design's one-way arrows hold, and the checks that say so fail where they should."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import architecture
import pytest
from architecture import HEADER, Source, sources
from role_rules import role_faults

PROJECT = Path(__file__).resolve().parents[2]
RULES: tuple[Callable[[list[Source]], list[str]], ...] = (
    architecture.wrong_arrows,
    architecture.foreign_imports_on_hosts,
    architecture.newer_than_3_9,
    architecture.impure,
    architecture.without_header,
    architecture.without_future_annotations,
)


@pytest.fixture(scope="module")
def tree() -> list[Source]:
    found = sources(PROJECT / "plugins")
    assert len(found) > 20, "the plugins directory was not found whole"
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_plugins_keep_the_rule(tree: list[Source], rule: Callable[[list[Source]], list[str]]) -> None:
    assert rule(tree) == []


def test_no_file_asks_to_be_two() -> None:
    assert architecture.too_long(PROJECT, "plugins", "scripts", "tests", "molecule", "roles") == []


def test_every_role_has_its_readme_and_one_truth_about_its_defaults() -> None:
    assert role_faults(PROJECT / "roles") == []


OWN = "ansible_collections.pacs.hardening.plugins"
BROKEN = [
    # rule, file, code, what the fault says
    (
        "wrong_arrows",
        "plugin_utils/_site/a.py",
        f"from {OWN}.plugin_utils._flows.derive import derive",
        "_site must not import _flows",
    ),
    ("wrong_arrows", "plugin_utils/_site/a.py", "from .._flows import derive", "_site must not import _flows"),
    (
        "wrong_arrows",
        "plugin_utils/_flows/a.py",
        "def f():\n    from .._policy.model import Policy",
        "_flows must not import _policy",
    ),
    (
        "wrong_arrows",
        "plugin_utils/_policy/a.py",
        "from .._nftables import render",
        "_policy must not import _nftables",
    ),
    ("wrong_arrows", "plugin_utils/_policy/a.py", "from .. import _nftables", "_policy must not import _nftables"),
    (
        "wrong_arrows",
        "plugin_utils/_nftables/a.py",
        "from .._compliance import judge",
        "_nftables must not import _compliance",
    ),
    (
        "wrong_arrows",
        "plugin_utils/_antivirus/a.py",
        "from .._nftables import render",
        "_antivirus must not import _nftables",
    ),
    ("wrong_arrows", "plugin_utils/_policy/a.py", "from .._observed import model", "_policy must not import _observed"),
    (
        "wrong_arrows",
        "plugin_utils/_observed/a.py",
        "from .._nftables import render",
        "_observed must not import _nftables",
    ),
    ("wrong_arrows", "plugin_utils/_vpn/a.py", "from .._nftables import render", "_vpn must not import _nftables"),
    (
        "wrong_arrows",
        "plugin_utils/_dicom/a.py",
        f"import {OWN}.plugin_utils._nftables.render",
        "_dicom must not import _nftables",
    ),
    ("wrong_arrows", "plugin_utils/_site/a.py", f"from {OWN}.filter.flows import flows", "_site must not import face"),
    ("wrong_arrows", "plugin_utils/_site/a.py", "from .._faces import plain", "_site must not import face"),
    (
        "wrong_arrows",
        "plugin_utils/_nftables/a.py",
        f"from {OWN}.module_utils._io import nft",
        "must not import module_utils/_io",
    ),
    ("wrong_arrows", "filter/a.py", f"from {OWN}.module_utils._io import nft", "face must not import module_utils/_io"),
    ("wrong_arrows", "modules/a.py", f"from {OWN}.plugin_utils._site import load", "modules must not import _site"),
    (
        "wrong_arrows",
        "module_utils/_nft/a.py",
        f"from {OWN}.plugin_utils._site import load",
        "module_utils must not import _site",
    ),
    (
        "wrong_arrows",
        "module_utils/_nft/a.py",
        "from .._io import nft",
        "module_utils must not import module_utils/_io",
    ),
    ("wrong_arrows", "plugin_utils/_policy/a.py", "from .._gate import words", "_policy must not import _gate"),
    ("wrong_arrows", "plugin_utils/_gate/a.py", "from .._nftables import render", "_gate must not import _nftables"),
    (
        "wrong_arrows",
        "plugin_utils/_gate/a.py",
        "from .._compliance import judge",
        "_gate must not import _compliance",
    ),
    ("wrong_arrows", "plugin_utils/_other/a.py", "", "_other is no area"),
    ("foreign_imports_on_hosts", "module_utils/_nft/a.py", "import yaml", "managed hosts have no yaml"),
    (
        "foreign_imports_on_hosts",
        "modules/a.py",
        "from ansible.plugins.loader import x",
        "managed hosts have no ansible.plugins",
    ),
    ("foreign_imports_on_hosts", "module_utils/_io/a.py", "import tomllib", "managed hosts have no tomllib"),
    ("newer_than_3_9", "module_utils/_nft/a.py", "match 1:\n    case 1:\n        pass", "not Python 3.9"),
    (
        "newer_than_3_9",
        "module_utils/_nft/a.py",
        "import dataclasses\n@dataclasses.dataclass(slots=True)\nclass A: ...",
        "no dataclass(slots=)",
    ),
    ("newer_than_3_9", "modules/a.py", "zip([], [], strict=True)", "no zip(strict=)"),
    ("newer_than_3_9", "modules/a.py", "isinstance(1, int | str)", "no int | str"),
    ("newer_than_3_9", "module_utils/_io/a.py", "Text = None | X", "no None | X"),
    ("impure", "plugin_utils/_site/a.py", "open('x')", "must not call open()"),
    ("impure", "plugin_utils/_site/a.py", "import subprocess", "must not import subprocess"),
    ("impure", "plugin_utils/_site/a.py", "from os import environ", "must not import os.environ"),
    ("impure", "plugin_utils/_site/a.py", "from pathlib import Path", "must not import pathlib.Path"),
    ("impure", "plugin_utils/_vpn/a.py", "import datetime\ndatetime.datetime.now()", "pass the time in"),
    ("impure", "module_utils/_nft/a.py", "import shutil", "must not import shutil"),
    ("impure", "modules/a.py", "import socket", "must not import socket"),
    ("without_header", "filter/a.py", "# no header", "SPDX"),
    ("without_future_annotations", "filter/a.py", "x = 1", "lacks from __future__"),
]


@pytest.mark.parametrize(("rule", "file", "code", "says"), BROKEN)
def test_a_broken_rule_is_found(tmp_path: Path, rule: str, file: str, code: str, says: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(code + "\n", encoding="utf-8")

    faults = getattr(architecture, rule)(sources(tmp_path))

    assert len(faults) == 1, faults
    assert f"plugins/{file}:" in faults[0]
    assert says in faults[0]


FINE = [
    ("plugin_utils/_flows/a.py", "from .._site.model import Site\nfrom . import ihe\nimport netaddr"),
    ("plugin_utils/_nftables/a.py", f"from {OWN}.module_utils._nft.text import digest"),
    ("plugin_utils/_compliance/a.py", "from .._nftables import render\nfrom .._vpn import profiles"),
    ("plugin_utils/_faces.py", "import importlib\nfrom ._site.faults import SiteError"),
    ("plugin_utils/_site/a.py", "from urllib.parse import urlsplit\nfrom pathlib import PurePosixPath"),
    ("filter/a.py", "from ..plugin_utils._nftables import render"),
    ("action/a.py", f"import time\nfrom {OWN}.module_utils._nft.text import digest\nfrom {OWN}.action.b import c"),
    ("modules/a.py", f"from {OWN}.module_utils._io import nft\nfrom ansible.module_utils.basic import AnsibleModule"),
    (
        "module_utils/_io/a.py",
        "import os\nfrom .._nft.text import digest\ndef f(a: int | None) -> str | None:\n    return open('x')",
    ),
]


@pytest.mark.parametrize(("file", "code"), FINE)
def test_what_is_allowed_is_not_found(tmp_path: Path, file: str, code: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text("\n".join([*HEADER, "from __future__ import annotations", code, ""]), encoding="utf-8")

    assert [fault for rule in RULES for fault in rule(sources(tmp_path))] == []


def test_a_long_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "long.py").write_text("x = 1\n" * 401, encoding="utf-8")
    (tmp_path / "plugins" / "right.py").write_text("x = 1\n" * 400, encoding="utf-8")

    assert architecture.too_long(tmp_path, "plugins") == ["plugins/long.py: 401 lines; split it (at most 400)"]


class TestRoles:
    """A role's defaults and its argument spec say the same."""

    @staticmethod
    def role(roles: Path, defaults: str, options: str) -> Path:
        for name, text in {
            "README.md": "# wall\n",
            "meta/main.yml": "---\n",
            "tasks/main.yml": "---\n",
            "defaults/main.yml": defaults,
            "meta/argument_specs.yml": f"argument_specs: {{main: {{options: {options}}}}}\n",
        }.items():
            path = roles / "wall" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return roles

    def test_a_whole_role_passes(self, tmp_path: Path) -> None:
        spec = "{wall_a: {type: int, default: 1}, wall_b: {required: true}}"
        assert role_faults(self.role(tmp_path, "wall_a: 1\n", spec)) == []

    @pytest.mark.parametrize(
        ("defaults", "options", "says"),
        [
            ("{wall_a: 1, wall_b: 2}", "{wall_a: {default: 1}}", "sets wall_b"),
            ("{wall_a: 1}", "{wall_a: {default: 1}, wall_b: {type: str}}", "has wall_b"),
            ("{wall_a: 1}", "{wall_a: {default: 2}}", "wall_a is 1 by default"),
            ("{wall_a: 1}", "{wall_a: {type: int}}", "wall_a is 1 by default"),
            ("{a: 1}", "{a: {default: 1}}", "must start with wall_"),
        ],
    )
    def test_two_truths_are_found(self, tmp_path: Path, defaults: str, options: str, says: str) -> None:
        faults = role_faults(self.role(tmp_path, defaults, options))
        assert len(faults) == 1
        assert says in faults[0]

    def test_a_missing_readme_is_found(self, tmp_path: Path) -> None:
        roles = self.role(tmp_path, "{}", "{}")
        (roles / "wall" / "README.md").unlink()
        assert role_faults(roles) == ["roles/wall: README.md is missing"]
