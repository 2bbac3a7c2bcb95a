"""The artefact check sees what is missing and what doesn't belong."""

from __future__ import annotations

from pathlib import Path

from check_artefact import LARGEST, SHIPPED_FILES, faults, load

SOURCES = ["plugins/filter/flows.py", "roles/a/README.md", "tests/conftest.py", ".gitignore", *SHIPPED_FILES]
WHOLE = ["MANIFEST.json", "FILES.json", "plugins/filter/flows.py", "roles/a/README.md", *SHIPPED_FILES]


def test_a_whole_artefact_passes() -> None:
    assert faults(WHOLE, SOURCES, 1000) == []


def test_a_source_left_out_is_found() -> None:
    assert faults([name for name in WHOLE if not name.startswith("plugins")], SOURCES, 1000) == [
        "missing: plugins/filter/flows.py"
    ]


def test_a_required_file_that_does_not_exist_is_found() -> None:
    assert "missing: LICENSE" in faults(
        [name for name in WHOLE if name != "LICENSE"], [name for name in SOURCES if name != "LICENSE"], 1000
    )


def test_what_is_not_for_users_is_found() -> None:
    for name in (".venv/bin/python", "tests/conftest.py", ".lab/ssh/id_ed25519", "molecule/site/molecule.yml"):
        assert faults([*WHOLE, name], SOURCES, 1000) == [f"not for users: {name}"]
    assert faults([*WHOLE, "plugins/a.pyc"], SOURCES, 1000) == ["compiled Python: plugins/a.pyc"]


def test_an_artefact_too_large_for_a_registry_is_found() -> None:
    assert len(faults(WHOLE, SOURCES, LARGEST + 1)) == 1


def test_a_plugin_that_does_not_import_is_found(tmp_path: Path) -> None:
    root = tmp_path / "ansible_collections" / "pacs" / "hardening_broken"
    (root / "plugins").mkdir(parents=True)
    (root / "plugins" / "broken.py").write_text("import a_library_that_nobody_has\n", encoding="utf-8")
    assert load(tmp_path, "hardening_broken") == [
        "ansible_collections.pacs.hardening_broken.plugins.broken does not import:"
        " ModuleNotFoundError: No module named 'a_library_that_nobody_has'"
    ]
