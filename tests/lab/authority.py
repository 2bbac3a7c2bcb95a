"""The lab's certificate authority for VPNs: it signs what gateways ask for, as an institution's does.

It works on the directories of the roles vpn_tls (``requests/NAME.csr``, ``certificates/NAME.crt``) and vpn_ipsec
(``NAME.csr``, ``NAME.crt``), and puts its certificate (``ca.crt``) and its list of revocations (``ca.crl``) there.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from vpn_ca import Authority, serial_of

from lab import state

NAME = "Lab CA"


def sign(directory: Path, revoked: Collection[str] | None = None) -> list[str]:
    """Sign every request that has no certificate yet; returns the names of what was written.

    ``revoked``: names whose certificates a new list of revocations holds; None leaves the list that is there.
    """
    made = _authority()
    asked, signed = directory / "requests", directory / "certificates"
    if not asked.is_dir():
        asked = signed = directory
    wanted: dict[Path, str] = {}
    for request in sorted(asked.glob("*.csr")):
        certificate = signed / f"{request.stem}.crt"
        if not certificate.exists():
            # In a directory of vpn_tls whoever isn't the gateway is a client of it.
            use = "client" if signed != directory and request.stem != "gateway" else "server"
            wanted[certificate] = made.sign(request.read_text(encoding="utf-8"), use)
    if not (directory / "ca.crt").exists():
        wanted[directory / "ca.crt"] = (state.AUTHORITY / "ca.crt").read_text(encoding="utf-8")
    if revoked is not None or not (directory / "ca.crl").exists():
        certificates = [(signed / f"{name}.crt").read_text(encoding="utf-8") for name in revoked or ()]
        made.revoked = [serial_of(text) for text in certificates]
        wanted[directory / "ca.crl"] = made.crl()
    for path, text in wanted.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [path.name for path in wanted]


def issue(identity: str) -> tuple[str, str]:
    """A certificate for another site's gateway and its key, both PEM."""
    made = _authority().issue(identity, "server", identity)
    return made.certificate, made.private_key


def _authority() -> Authority:
    """The one of this lab, made at the first call."""
    key = state.AUTHORITY / "ca.key"
    if key.exists():
        return Authority.of_key(key.read_text(encoding="utf-8"), NAME)
    state.make()
    state.AUTHORITY.mkdir(mode=0o700, exist_ok=True)
    made = Authority(NAME)
    (state.AUTHORITY / "ca.crt").write_text(made.certificate, encoding="utf-8")
    key.touch(mode=0o600)
    key.write_text(made.key, encoding="utf-8")
    return Authority.of_key(made.key, NAME)
