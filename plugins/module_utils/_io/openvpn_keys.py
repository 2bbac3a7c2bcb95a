# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and secrets that are born on the gateway, and never leave it but for their hand-over. Private."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.pacs.hardening.plugins.module_utils._io.commands import find_program, run
from ansible_collections.pacs.hardening.plugins.module_utils._io.files import (
    make_private_directory,
    read_text,
    remove,
    replace_file,
    sync_directory,
)
from ansible_collections.pacs.hardening.plugins.module_utils._nft.errors import HardeningError

#: Bytes of a one-time code's secret: RFC 4226, 4, R6 recommends 160 bits.
_SECRET_BYTES = 20
#: pam_google_authenticator(8): a code counts once, and three tries in half a minute are enough.
_CODE_OPTIONS = '" RATE_LIMIT 3 30\n" DISALLOW_REUSE\n" TOTP_AUTH\n'


@dataclass(frozen=True)
class KeyPlaces:
    """Where they stand. I(codes) is the directory of the secrets of one-time codes, a file a user."""

    private_key: str
    tls_crypt: str
    token_key: str
    codes: str


@dataclass(frozen=True)
class Born:
    """Paths that were made and removed (in check mode, would be), and the request for the gateway's certificate as PEM;
    None where there is no key yet.
    """

    created: tuple[str, ...]
    removed: tuple[str, ...]
    request: str | None


def born_here(at: KeyPlaces, identity: str, people: Sequence[str], check: bool) -> Born:
    """Make whatever is missing, and forget the secrets of whoever gets no codes (any more). Raises HardeningError."""
    codes = {f"{at.codes}/{name}": name for name in people}
    makers = {
        at.private_key: _private_key,
        at.tls_crypt: lambda path: _openvpn_key("tls-crypt", path),
        at.token_key: lambda path: _openvpn_key("auth-token", path),
        **dict.fromkeys(codes, _code_secret),
    }
    created = tuple(path for path in makers if not os.path.lexists(path))
    try:
        there = [f"{at.codes}/{name}" for name in sorted(os.listdir(at.codes))]
    except FileNotFoundError:
        there = []
    except OSError as exc:
        raise HardeningError(f"{at.codes} can't be read: {exc.strerror}") from exc
    removed = tuple(path for path in there if path not in codes)
    if not check:
        make_private_directory(at.codes)
        for path in created:
            makers[path](path)
        for path in removed:
            remove(path)
    return Born(created, removed, _request(at.private_key, identity))


def hand_over(at: KeyPlaces, people: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    """The secrets that a user's profile needs: tls-crypt's key, None where none was made yet, and of each person the
    code's secret in base32.
    """
    key = read_text(at.tls_crypt)
    texts = {name: read_text(f"{at.codes}/{name}") for name in people}
    return key, {name: text.split("\n", 1)[0] for name, text in texts.items() if text}


def fits(certificate: str, private_key: str) -> bool:
    """Whether a certificate (PEM) is for that key. Raises HardeningError."""
    of_certificate = _openssl(["x509", "-noout", "-pubkey"], certificate)
    return of_certificate == _openssl(["pkey", "-in", private_key, "-pubout"])


def _private_key(path: str) -> None:
    _place(path, _openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]))


def _openvpn_key(kind: str, path: str) -> None:
    """OpenVPN writes such keys into a file only, which is for root's eyes and new."""
    program = find_program("openvpn")
    if program is None:
        raise HardeningError("openvpn isn't installed on this host: install the package openvpn")
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    temporary = f"{path}.pacs-hardening.{os.getpid()}"
    try:
        # Made by us first, so that it is readable for nobody else from its first byte.
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        done = run([program, "--genkey", kind, temporary])
        if done.status != 0:
            raise HardeningError(f"openvpn makes no {kind} key: {done.complaint}")
        os.chmod(temporary, 0o600)
        os.rename(temporary, path)
        sync_directory(os.path.dirname(path))
    except OSError as exc:
        raise HardeningError(f"{path}: {exc.strerror}") from exc
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def _code_secret(path: str) -> None:
    _place(path, base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode("ascii") + "\n" + _CODE_OPTIONS, 0o400)


def _place(path: str, text: str, mode: int = 0o600) -> None:
    replace_file(path, text, mode)


def _request(private_key: str, identity: str) -> str | None:
    if not os.path.exists(private_key):
        return None
    # remote-cert-tls of a client looks for both usages.
    wanted = (f"subjectAltName=DNS:{identity}", "keyUsage=critical,digitalSignature", "extendedKeyUsage=serverAuth")
    extensions = [word for extension in wanted for word in ("-addext", extension)]
    return _openssl(["req", "-new", "-key", private_key, "-sha384", "-subj", f"/CN={identity}", *extensions])


def _openssl(arguments: Sequence[str], stdin: str = "") -> str:
    program = find_program("openssl")
    if program is None:
        raise HardeningError("openssl isn't installed on this host: install the package openssl")
    done = run([program, *arguments], stdin)
    if done.status != 0:
        raise HardeningError(f"`openssl {' '.join(arguments[:2])}` failed: {done.complaint}")
    return done.output
