"""Sign every request in a folder that has no certificate yet, and leave the authority and its list beside them.

sign.py FOLDER [REVOKED...]: with names, a newer list of revocations. Prints what it made.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from kernel.ipsec_pki import Authority, serial_number


def main(folder: Path, revoked: list[str]) -> None:
    """Sign, and list."""
    known = folder / "ca.key"
    if known.exists():
        authority = Authority.of_key(known.read_text(encoding="utf-8"), (folder / "ca.crt").read_text(encoding="utf-8"))
    else:
        authority = Authority("Lab CA")
        known.touch(0o600)
        known.write_text(authority.key, encoding="utf-8")
        (folder / "ca.crt").write_text(authority.certificate, encoding="utf-8")
        (folder / "ca.crl").write_text(authority.revocations_pem([], 1), encoding="utf-8")
        print("the authority")
    for request in sorted(folder.glob("*.csr")):
        certificate = request.with_suffix(".crt")
        if not certificate.exists():
            certificate.write_text(authority.sign(request.read_text(encoding="utf-8")), encoding="utf-8")
            print(certificate.name)
    if revoked:
        texts = [(folder / f"{name}.crt").read_text(encoding="utf-8") for name in revoked if name != "-"]
        serials = [serial_number(text) for text in texts]
        (folder / "ca.crl").write_text(authority.revocations_pem(serials, int(time.time())), encoding="utf-8")
        print("a list")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
