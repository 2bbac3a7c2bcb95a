# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Algorithms by the words that strongSwan has for them: in a proposal, and in what it says of a live tunnel.

The words of proposals are those of swanctl.conf, the names those that vici reports; both were read in strongSwan 5.9.8.
A word that isn't here is judged as unknown: never as good.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["encryption", "integrity", "prf", "group", "numbers"]


@dataclass(frozen=True, slots=True)
class Algorithm:
    """What a word stands for: its kind, the name that vici reports, and the key's bits where it reports them."""

    word: str
    kind: Kind
    name: str
    bits: int | None = None

    @property
    def authenticates(self) -> bool:
        """An encryption that needs no integrity beside it (AEAD)."""
        return self.name.startswith(("AES_GCM", "AES_CCM", "CHACHA20_POLY1305"))


def _all() -> Iterator[Algorithm]:
    for bits in (128, 192, 256):
        yield Algorithm(f"aes{bits}", "encryption", "AES_CBC", bits)
        yield Algorithm(f"aes{bits}ctr", "encryption", "AES_CTR", bits)
        for octets in (8, 12, 16):
            yield Algorithm(f"aes{bits}gcm{octets}", "encryption", f"AES_GCM_{octets}", bits)
            yield Algorithm(f"aes{bits}ccm{octets}", "encryption", f"AES_CCM_{octets}", bits)
        yield Algorithm(f"camellia{bits}", "encryption", "CAMELLIA_CBC", bits)
    yield Algorithm("chacha20poly1305", "encryption", "CHACHA20_POLY1305", None)
    yield Algorithm("3des", "encryption", "3DES_CBC", None)
    yield Algorithm("des", "encryption", "DES_CBC", None)
    yield Algorithm("null", "encryption", "NULL", None)
    for word, name in (("md5", "HMAC_MD5_96"), ("sha1", "HMAC_SHA1_96"), ("aesxcbc", "AES_XCBC_96")):
        yield Algorithm(word, "integrity", name)
    for bits, cut in ((256, 128), (384, 192), (512, 256)):
        yield Algorithm(f"sha{bits}", "integrity", f"HMAC_SHA2_{bits}_{cut}")
        yield Algorithm(f"prfsha{bits}", "prf", f"PRF_HMAC_SHA2_{bits}")
    for word, name in (("prfmd5", "PRF_HMAC_MD5"), ("prfsha1", "PRF_HMAC_SHA1"), ("prfaesxcbc", "PRF_AES128_XCBC")):
        yield Algorithm(word, "prf", name)
    for bits in (768, 1024, 1536, 2048, 3072, 4096, 6144, 8192):
        yield Algorithm(f"modp{bits}", "group", f"MODP_{bits}")
    for bits in (192, 224, 256, 384, 521):
        yield Algorithm(f"ecp{bits}", "group", f"ECP_{bits}")
    yield Algorithm("curve25519", "group", "CURVE_25519")
    yield Algorithm("curve448", "group", "CURVE_448")
    yield Algorithm("esn", "numbers", "ESN")
    yield Algorithm("noesn", "numbers", "NO_EXT_SEQ")


ALGORITHMS: Mapping[str, Algorithm] = {item.word: item for item in _all()}
_LIVE: Mapping[tuple[str, int | None], Algorithm] = {(item.name, item.bits): item for item in ALGORITHMS.values()}


def live_word(name: str, bits: int | None) -> str:
    """The word for a name that vici reports; the name itself, in small letters, where there is none."""
    known = _LIVE.get((name, bits)) or _LIVE.get((name, None))
    return known.word if known else f"{name}_{bits}".lower() if bits else name.lower()
