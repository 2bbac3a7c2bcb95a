"""Write the README of every role from its argument_specs; with --check say which don't follow from them.

A role's own words stand in roles/NAME/docs/: intro.md (what it does) and example.yml (a play, run by the tests).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2]


def readme(role: Path) -> str:
    """The README of a role as its argument_specs, intro and example make it."""
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    main = specs["main"]
    intro = (role / "docs" / "intro.md").read_text(encoding="utf-8").strip()
    example = (role / "docs" / "example.yml").read_text(encoding="utf-8").strip()
    lines = [
        f"# pacs.hardening.{role.name}",
        "",
        f"{main['short_description']}.",
        "",
        intro,
        "",
        "## Variables",
        "",
        "| Variable | Type | Default | Meaning |",
        "|---|---|---|---|",
        *_rows(main["options"]),
        "",
        "## Example",
        "",
        "```yaml",
        example,
        "```",
        "",
        "This page is made from `meta/argument_specs.yml` and `docs/` by `scripts/lib/role_readmes.py`.",
    ]
    return "\n".join(lines) + "\n"


def _rows(options: Mapping[str, Mapping[str, Any]], prefix: str = "") -> Iterator[str]:
    for name, option in options.items():
        kind = option.get("type", "str")
        if "elements" in option:
            kind = f"{kind} of {option['elements']}"
        default = (
            "required" if option.get("required") else f"`{_value(option['default'])}`" if "default" in option else ""
        )
        choices = f" One of {', '.join(f'`{choice}`' for choice in option['choices'])}." if "choices" in option else ""
        yield f"| `{prefix}{name}` | {kind} | {default} | {_text(option['description'])}{choices} |"
        yield from _rows(option.get("options", {}), f"{prefix}{name}.")


def _value(value: object) -> str:
    text = value if isinstance(value, str) else yaml.safe_dump(value, default_flow_style=True).split("\n")[0]
    return text.replace("|", "\\|")


def _text(description: str | list[str]) -> str:
    """Ansible's markup as Markdown, on one line."""
    text = " ".join(description) if isinstance(description, list) else description
    return re.sub(r"\b[CVOP]\(([^()]*(?:\([^()]*\)[^()]*)*)\)", r"`\1`", " ".join(text.split())).replace("|", "\\|")


def main() -> int:
    """Write, or with --check compare; 1 where a README doesn't follow from its role."""
    stale = []
    for role in sorted(path.parents[1] for path in (PROJECT / "roles").glob("*/meta/argument_specs.yml")):
        path, text = role / "README.md", readme(role)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(path.relative_to(PROJECT))
            if "--check" not in sys.argv:
                path.write_text(text, encoding="utf-8")
    for item in stale:
        print(f"{item}: {'does not follow from its role' if '--check' in sys.argv else 'written'}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
