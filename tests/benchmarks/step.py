"""One step of the way in a process of its own, so that its whole cost can be seen: ``step.py compile|verify FILES``.

compile SITE POLICY RULESET: from a site document (JSON) to the policy (JSON) and the ruleset (text), in files.
verify LISTING POLICY: the proof, from the JSON of nft and the policy.
Prints the process's peak memory in MB.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / ".cache" / "collections"))

from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.render import render
from ansible_collections.pacs.hardening.plugins.plugin_utils._nftables.verify import verify
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.document import from_document, to_document
from ansible_collections.pacs.hardening.plugins.plugin_utils._policy.site import compile_site


def main(step: str, given: str, policy: str, ruleset: str = "") -> None:
    """Do one step; an answer that isn't "proven" is an error."""
    document = json.loads(Path(given).read_text(encoding="utf-8"))
    if step == "compile":
        (made,) = compile_site(document).policies.values()
        Path(ruleset).write_text(render(made), encoding="utf-8")
        with Path(policy).open("w", encoding="utf-8") as file:
            json.dump(to_document(made), file)
    else:
        result = verify(document, from_document(json.loads(Path(policy).read_text(encoding="utf-8"))))
        if result.verdict != "proven":
            raise SystemExit(f"not proven: {result}")
    # Not getrusage: its maximum goes on from that of the process that started this one.
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    print(int(peak) / 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
