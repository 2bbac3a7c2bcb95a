"""ansible-test gets pip, pip's settings and only those Pythons that run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ansible_test_home import link_pythons, pip_conf, pip_versions, prepare


def test_the_pip_versions_are_found_in_what_is_installed(tmp_path: Path) -> None:
    prepare(tmp_path / "home", {"PIP_INDEX_URL": "https://mirror.example/simple"}, tmp_path)
    scripts = list((tmp_path / "home/.ansible/test/cache").glob("get_pip_*.py"))
    assert scripts
    assert "mirror.example" in (tmp_path / "home/.config/pip/pip.conf").read_text(encoding="utf-8")


def test_each_version_is_found_once() -> None:
    assert pip_versions("pip='24.2',\n'3.8': dict(pip=\"20.3.4\"), pip='24.2'") == ["20.3.4", "24.2"]


def test_the_environment_wins_over_the_users_file(tmp_path: Path) -> None:
    user = tmp_path / "pip.conf"
    user.write_text("[global]\nindex-url = https://a.example\ntimeout = 5\n", encoding="utf-8")
    settings = pip_conf([user, tmp_path / "absent"], {"PIP_INDEX_URL": "https://b.example", "HOME": "/root"})
    assert dict(settings["global"]) == {"quiet": "1", "index-url": "https://b.example", "timeout": "5"}


def test_a_python_that_does_not_run_is_left_out_with_its_directory(tmp_path: Path) -> None:
    shims, real = tmp_path / "shims", tmp_path / "real"
    for directory in (shims, real):
        directory.mkdir()
    (shims / "python3.9").write_text("#!/bin/sh\nexit 127\n", encoding="utf-8")
    (shims / "python3.9").chmod(0o755)
    name = f"python3.{sys.version_info[1]}"
    (real / name).symlink_to(os.path.realpath(sys.executable))

    path = link_pythons(tmp_path / "links", f"{shims}:{real}", None)

    assert path == f"{tmp_path / 'links'}:{real}"
    assert [link.name for link in (tmp_path / "links").iterdir()] == [name]


def test_pyenvs_versions_serve_where_its_shims_do_not(tmp_path: Path) -> None:
    name = f"python3.{sys.version_info[1]}"
    bin_directory = tmp_path / "pyenv" / "versions" / f"3.{sys.version_info[1]}.7" / "bin"
    bin_directory.mkdir(parents=True)
    (bin_directory / name).symlink_to(os.path.realpath(sys.executable))
    link_pythons(tmp_path / "links", "", tmp_path / "pyenv")
    assert (tmp_path / "links" / name).resolve() == Path(sys.executable).resolve()
