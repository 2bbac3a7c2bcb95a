"""The signatures for ClamAV and YARA see in a preamble what dicom_files_info sees, and nothing in what is harmless."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from dicom_files import HARMLESS, PREAMBLES, dicom, part10_files, pe, reader

from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.header import first_look
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.kinds import Finding
from ansible_collections.pacs.hardening.plugins.module_utils._dicom_files.signatures import BEGINNING
from playbooks import PROJECT

SIGNATURES = PROJECT / "plugins" / "plugin_utils" / "_antivirus" / "signatures"
CLAMAV, YARA = SIGNATURES / "dicom_preambles.ldb", SIGNATURES / "dicom_preambles.yar"
BAD = {name: dicom(preamble) for name, (preamble, _kind, _what) in PREAMBLES.items()} | {
    "pe": pe(),
    "pe, far away": pe(0x500),
    "ne": b"MZ" + b"\0" * 0x3A + b"\x60\0\0\0" + b"\0" * 0x20 + b"NE" + b"\0" * 30 + dicom()[128:],
}
GOOD = {name: dicom(preamble) for name, preamble in HARMLESS.items()}
#: A preamble's content in a file that is no DICOM file is another matter, and for other signatures.
GOOD["no DICOM"] = b"#!/bin/sh\n".ljust(4096, b"\0")

#: By what each is to be called; ClamAV's signatures can't follow an offset, nor leave a stub to another.
FAMILIES = {
    "pe": ("Pe", "pacs_dicom_pe"),
    "ne": ("MzStub", "pacs_dicom_ne"),
    "mz": ("MzStub", "pacs_dicom_mz_stub"),
    "elf": ("Elf", "pacs_dicom_elf"),
    "mach_o": ("MachO", "pacs_dicom_mach_o"),
    "mach_o_fat": ("MachOFatOrJava", "pacs_dicom_mach_o"),
    "java_class": ("MachOFatOrJava", "pacs_dicom_other_program"),
    "windows_shortcut": ("OtherProgram", "pacs_dicom_other_program"),
    "wasm": ("OtherProgram", "pacs_dicom_other_program"),
    "shebang": ("Script", "pacs_dicom_script"),
    "markup": ("Markup", "pacs_dicom_markup"),
    "pdf": ("Document", "pacs_dicom_document"),
    "ole2": ("Document", "pacs_dicom_document"),
}


def expected(data: bytes) -> tuple[str, str]:
    """The names that ClamAV and YARA must say, from what our own look says."""
    finding = first_look(data[:BEGINNING], reader(data)).finding
    assert isinstance(finding, Finding)
    clamav, yara = FAMILIES.get(finding.what, ("Archive", "pacs_dicom_archive"))
    return f"Pacs.Dicom.{clamav}", "pacs_dicom_elf_stub" if finding == Finding("preamble_stub", "elf") else yara


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("preambles")
    for name, data in (BAD | GOOD).items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def clamav(files: Path) -> dict[str, str]:
    """What clamscan says of each file, by its path."""
    if not shutil.which("clamscan"):
        pytest.skip("clamscan isn't installed (Debian's package clamav)")
    listed = files.parent / "listed"
    listed.write_text("\n".join(map(str, [*files.iterdir(), *part10_files()])), encoding="utf-8")
    command = ["clamscan", f"--database={CLAMAV}", "--no-summary", f"--file-list={listed}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    pairs = (line.rpartition(": ") for line in done.stdout.splitlines())
    return {path: said.removesuffix(" FOUND").removesuffix(".UNOFFICIAL") for path, _colon, said in pairs}


@pytest.fixture(scope="module")
def yara() -> Any:
    """All rules, compiled."""
    module = pytest.importorskip("yara", reason="yara-python isn't installed")
    return module.compile(str(YARA), error_on_warning=True)


@pytest.mark.parametrize("name", BAD)
def test_clamav_finds_what_we_find(clamav: dict[str, str], files: Path, name: str) -> None:
    assert clamav[str(files / name)] == expected(BAD[name])[0]


def test_clamav_raises_no_alarm(clamav: dict[str, str], files: Path) -> None:
    harmless = [str(files / name) for name in GOOD] + [str(path) for path in part10_files()]
    assert len(harmless) > 188
    assert {path: clamav[path] for path in harmless if clamav[path] != "OK"} == {}


@pytest.mark.parametrize("name", BAD)
def test_yara_finds_what_we_find(yara: Any, name: str) -> None:
    assert [match.rule for match in yara.match(data=BAD[name])] == [expected(BAD[name])[1]]


def test_yara_raises_no_alarm(yara: Any) -> None:
    assert {name: found for name, data in GOOD.items() if (found := yara.match(data=data))} == {}
    assert {path: found for path in part10_files() if (found := yara.match(str(path)))} == {}


def test_the_severities_are_ours(yara: Any) -> None:
    for name, data in BAD.items():
        finding = first_look(data[:BEGINNING], reader(data)).finding
        (match,) = yara.match(data=data)
        assert finding and match.meta["severity"] == finding.severity, name
