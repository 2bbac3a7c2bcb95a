"""An archive with images, an import folder, and signatures of the site's own, one of them a false alarm."""

from __future__ import annotations

import hashlib

from false_alarm import EICAR, IMPORT, MARK, SIGNATURES

from lab import nodes, workflows

for folder in (IMPORT, SIGNATURES):
    nodes.run("pacs1", ["/bin/mkdir", "-p", folder], check=True)
digest = hashlib.sha256(EICAR).hexdigest()
nodes.write_file("pacs1", f"{SIGNATURES}/site.hsb", f"{digest}:{len(EICAR)}:Site.Eicar\n")
nodes.write_file("pacs1", f"{SIGNATURES}/site.ndb", f"Site.FalseAlarm:0:*:{MARK.hex()}\n")
assert workflows.store_images().ok
