/*
  DICOM files that are something else, too (CVE-2019-11687; PS3.10, 7.1): what stands in the 128 bytes before "DICM".
  The same cases as in dicom_preambles.ldb beside, and as dicom_files_info. TIFF and BigTIFF headers are legitimate there.
  Copyright: (c) 2026, pacs.hardening contributors
  SPDX-License-Identifier: GPL-3.0-or-later

  ClamAV skips rules without strings; give it the other file. The first 4 KiB of a file are enough, but for pacs_dicom_pe:
  a PE header may stand anywhere.
*/

private rule pacs_dicom
{
    condition:
        filesize > 132 and uint32be(128) == 0x4449434d
}

rule pacs_dicom_pe
{
    meta:
        description = "DICOM file that is a Windows program, too: its PE header can be reached"
        severity = "high"
    condition:
        pacs_dicom and uint16be(0) == 0x4d5a and uint32be(uint32(0x3c)) == 0x50450000
}

rule pacs_dicom_ne
{
    meta:
        description = "DICOM file that is an older Windows or OS/2 program, too: NE, LE or LX"
        severity = "high"
    condition:
        pacs_dicom and uint16be(0) == 0x4d5a and uint32(0x3c) != 0 and
        (uint16be(uint32(0x3c)) == 0x4e45 or uint16be(uint32(0x3c)) == 0x4c45 or uint16be(uint32(0x3c)) == 0x4c58)
}

rule pacs_dicom_mz_stub
{
    meta:
        description = "DICOM file that begins like a Windows program, without the rest of one"
        severity = "medium"
    condition:
        pacs_dicom and (uint16be(0) == 0x4d5a or uint16be(0) == 0x5a4d) and not pacs_dicom_pe and not pacs_dicom_ne
}

rule pacs_dicom_elf
{
    meta:
        description = "DICOM file that is a Linux program, too"
        severity = "high"
    condition:
        pacs_dicom and uint32be(0) == 0x7f454c46 and
        (
            ((uint8(4) == 1 or uint8(4) == 2) and (uint8(5) == 1 or uint8(5) == 2) and uint8(6) == 1) or
            uint8(16) == 2 or uint8(17) == 2 or uint8(16) == 3 or uint8(17) == 3
        )
}

rule pacs_dicom_elf_stub
{
    meta:
        description = "DICOM file that begins like a Linux program, without the rest of one"
        severity = "medium"
    condition:
        pacs_dicom and uint32be(0) == 0x7f454c46 and not pacs_dicom_elf
}

rule pacs_dicom_mach_o
{
    meta:
        description = "DICOM file that is a program for macOS, too"
        severity = "high"
    condition:
        pacs_dicom and
        (
            ((uint32be(0) == 0xfeedface or uint32be(0) == 0xfeedfacf) and uint32be(12) >= 1 and uint32be(12) <= 16) or
            ((uint32be(0) == 0xcefaedfe or uint32be(0) == 0xcffaedfe) and uint32(12) >= 1 and uint32(12) <= 16) or
            ((uint32be(0) == 0xcafebabe or uint32be(0) == 0xcafebabf) and uint32be(4) >= 1 and uint32be(4) < 45)
        )
}

rule pacs_dicom_other_program
{
    meta:
        description = "DICOM file that is a Java class, a Windows shortcut, WebAssembly or an Android program, too"
        severity = "high"
    condition:
        pacs_dicom and
        (
            (uint32be(0) == 0xcafebabe and uint16be(6) >= 45) or
            (uint32be(0) == 0x4c000000 and uint32be(4) == 0x01140200) or
            uint32be(0) == 0x0061736d or
            uint32be(0) == 0x6465780a
        )
}

rule pacs_dicom_script
{
    meta:
        description = "DICOM file that is a script, too"
        severity = "high"
    condition:
        pacs_dicom and uint16be(0) == 0x2321
}

rule pacs_dicom_markup
{
    meta:
        description = "DICOM file that an interpreter or a browser takes for its own, too"
        severity = "high"
    strings:
        $markup = /(\xef\xbb\xbf)?[ \t\n\x0b\x0c\r]{0,48}(<\?php|<script|<html|<!doctype html|<hta:|<job|<package>|<svg|@echo )/ nocase
    condition:
        pacs_dicom and $markup at 0
}

rule pacs_dicom_archive
{
    meta:
        description = "DICOM file that is an archive, too"
        severity = "high"
    condition:
        pacs_dicom and
        (
            uint32be(0) == 0x504b0304 or uint32be(0) == 0x504b0506 or uint32be(0) == 0x504b0708 or
            (uint32be(0) == 0x52617221 and uint16be(4) == 0x1a07) or
            (uint32be(0) == 0x377abcaf and uint16be(4) == 0x271c) or
            (uint16be(0) == 0x1f8b and uint8(2) == 8) or
            (uint16be(0) == 0x425a and uint8(2) == 0x68 and uint16be(4) == 0x3141 and uint8(6) == 0x59) or
            (uint32be(0) == 0xfd377a58 and uint16be(4) == 0x5a00) or
            uint32be(0) == 0x28b52ffd or
            (uint32be(0) == 0x4d534346 and uint32be(4) == 0) or
            (uint32be(0) == 0x213c6172 and uint32be(4) == 0x63683e0a) or
            uint32be(0) == 0x78617221
        )
}

rule pacs_dicom_document
{
    meta:
        description = "DICOM file that is a PDF, RTF or Office document, too"
        severity = "medium"
    strings:
        $pdf = "%PDF-"
    condition:
        pacs_dicom and
        (
            $pdf in (0..123) or
            (uint32be(0) == 0xd0cf11e0 and uint32be(4) == 0xa1b11ae1) or
            (uint32be(0) == 0x7b5c7274 and uint8(4) == 0x66)
        )
}
