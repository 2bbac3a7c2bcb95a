"""An authority for one run: signs every request in a directory of the role vpn_tls."""

from __future__ import annotations

import sys
from pathlib import Path

from vpn_ca import Authority


def main(directory: Path) -> None:
    authority = Authority()
    (directory / "certificates").mkdir()
    for request in sorted((directory / "requests").glob("*.csr")):
        use = "server" if request.stem == "gateway" else "client"
        signed = authority.sign(request.read_text(encoding="utf-8"), use)
        (directory / "certificates" / f"{request.stem}.crt").write_text(signed, encoding="utf-8")
    (directory / "ca.crl").write_text(authority.crl(), encoding="utf-8")
    (directory / "ca.crt").write_text(authority.certificate, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
