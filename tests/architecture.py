"""The rules that keep plugins/ in order, as functions from a source tree to sentences about what breaks them.

tests/unit/test_architecture.py holds the real tree to them, and each of them to a tree that breaks it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

OWN = "ansible_collections.pacs.hardening.plugins"
HEADER = (
    "# Copyright: (c) 2026, pacs.hardening contributors",
    "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "# SPDX-License-Identifier: GPL-3.0-or-later",
)
LONGEST = 400  # lines of a file; more is asking to be two

# Who may import whom: an area of plugin_utils, "face" for what users call, or a directory of plugins/. Everything may
# import its own area. Other firewall dialects will stand beside _nftables, so nothing below it may know it.
FACE = "face"
PURE = "module_utils"
IO = "module_utils/_io"
_SITE, _FLOWS, _POLICY = frozenset({"_site"}), frozenset({"_site", "_flows"}), frozenset({"_site", "_flows", "_policy"})
_BESIDE = frozenset({"_antivirus", "_vpn", "_dicom"})
_ALL = _POLICY | _BESIDE | {"_nftables", "_observed", "_gate", "_compliance"}
MAY_IMPORT: Mapping[str, frozenset[str]] = {
    PURE: frozenset(),
    IO: frozenset({PURE}),
    "modules": frozenset({PURE, IO}),
    "doc_fragments": frozenset(),
    "_site": frozenset({PURE}),
    "_flows": _SITE | {PURE},
    "_policy": _FLOWS | {PURE},
    "_nftables": _POLICY | {PURE},
    "_observed": _POLICY | {PURE},
    "_gate": _POLICY | {"_observed", PURE},
    "_antivirus": _POLICY | {PURE},
    "_vpn": _POLICY | {PURE},
    "_dicom": _POLICY | {PURE},
    "_compliance": _ALL | {PURE},
    FACE: _ALL | {PURE},
}
FACES = ("action", "filter", "inventory", "lookup", "test")
FACE_HELPERS = tuple(("plugin_utils", name) for name in ("_faces", "_files", "_reach", "_reporting"))
ON_MANAGED_HOSTS = (PURE, IO, "modules")
NOT_PURE = (IO, FACE, "doc_fragments")

# Whatever reaches outside the process; a pure function gets text, time and randomness as arguments.
IMPURE_MODULES = frozenset(
    {
        "asyncio",
        "fcntl",
        "ftplib",
        "getpass",
        "glob",
        "http",
        "importlib",
        "multiprocessing",
        "os",
        "pathlib",
        "random",
        "requests",
        "secrets",
        "shutil",
        "signal",
        "smtplib",
        "socket",
        "sqlite3",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "urllib",
    }
)
PURE_PARTS = ("urllib.parse", "pathlib.PurePath", "pathlib.PurePosixPath", "pathlib.PureWindowsPath")
IMPURE_CALLS = frozenset({"open", "input", "print", "breakpoint", "exec", "eval", "__import__"})
CLOCK = frozenset({"now", "utcnow", "today"})
SINCE_3_10 = frozenset({"tomllib"})
BUILTIN_TYPES = frozenset(
    {"int", "str", "float", "bool", "bytes", "dict", "list", "tuple", "set", "frozenset", "type", "object"}
)


@dataclass(frozen=True)
class Source:
    """One Python file of plugins/; ``path`` is relative to it."""

    path: PurePosixPath
    text: str
    tree: ast.Module

    @property
    def area(self) -> str:
        """Where the file stands in MAY_IMPORT; its directory's name where it has no place there."""
        return area_of(self.path.with_suffix("").parts)

    def at(self, line: int, what: str) -> str:
        return f"plugins/{self.path}:{line}: {what}"


def area_of(parts: tuple[str, ...]) -> str:
    """The area of a dotted path below plugins/, given as its parts."""
    if parts[0] in FACES or parts[:2] in FACE_HELPERS:
        return FACE
    if parts[0] == "plugin_utils" and len(parts) > 1:
        return parts[1]
    return IO if parts[:2] == ("module_utils", "_io") else parts[0]


def sources(plugins: Path) -> list[Source]:
    """Every Python file of a plugins directory."""
    found = []
    for path in sorted(plugins.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        found.append(Source(PurePosixPath(path.relative_to(plugins).as_posix()), text, ast.parse(text, str(path))))
    return found


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of all that a file imports, wherever in it; relative ones resolved."""
    package = (OWN, *source.path.parent.parts)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = [*package[: len(package) - node.level + 1]] if node.level else []
            prefix = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{prefix}.{alias.name}") for alias in node.names)


def own_imports(source: Source) -> Iterator[tuple[int, str, str]]:
    """Line, dotted name and area of what a file imports of this collection."""
    for line, name in imports(source):
        if name.startswith(f"{OWN}."):
            rest = name.removeprefix(f"{OWN}.")
            yield line, rest, area_of(tuple(rest.split(".")))


def wrong_arrows(tree: list[Source]) -> list[str]:
    """Imports that run against the order of the areas, and files that stand in none."""
    faults = []
    for source in tree:
        if source.area not in MAY_IMPORT:
            faults.append(
                source.at(1, f"{source.area} is no area of MAY_IMPORT in tests/architecture.py; give it its place")
            )
            continue
        allowed = MAY_IMPORT[source.area] | {source.area}
        for line, name, area in own_imports(source):
            if area not in allowed:
                faults.append(source.at(line, f"{source.area} must not import {area} ({name})"))
    return faults


def foreign_imports_on_hosts(tree: list[Source]) -> list[str]:
    """Imports on managed hosts beyond the standard library, ansible.module_utils and our own."""
    faults = []
    known = sys.stdlib_module_names - SINCE_3_10
    for source in tree:
        if source.area in ON_MANAGED_HOSTS:
            for line, name in imports(source):
                if name.split(".")[0] not in known and not name.startswith(("ansible.module_utils.", f"{OWN}.")):
                    faults.append(source.at(line, f"managed hosts have no {name}"))
    return faults


def newer_than_3_9(tree: list[Source]) -> list[str]:
    """What Python 3.9 can't parse or run, in files that reach managed hosts."""
    faults = []
    for source in tree:
        if source.area not in ON_MANAGED_HOSTS:
            continue
        try:
            ast.parse(source.text, feature_version=(3, 9))
        except SyntaxError as error:
            faults.append(source.at(error.lineno or 1, f"not Python 3.9: {error.msg}"))
        annotations = {id(part) for whole in _annotations(source.tree) for part in ast.walk(whole)}
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call):
                newer = {("dataclass", "slots"), ("dataclass", "kw_only"), ("zip", "strict")}
                used = {(ast.unparse(node.func).rpartition(".")[2], keyword.arg) for keyword in node.keywords}
                faults += [
                    source.at(node.lineno, f"Python 3.9 has no {call}({word}=)") for call, word in sorted(used & newer)
                ]
            elif isinstance(node, ast.BinOp) and id(node) not in annotations and _is_type_union(node):
                faults.append(source.at(node.lineno, f"Python 3.9 has no {ast.unparse(node)} outside annotations"))
    return faults


def _annotations(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.AnnAssign, ast.arg)) and node.annotation:
            yield node.annotation
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns:
            yield node.returns


def _is_type_union(node: ast.BinOp) -> bool:
    return isinstance(node.op, ast.BitOr) and any(
        (isinstance(side, ast.Constant) and side.value is None)
        or (isinstance(side, ast.Name) and side.id in BUILTIN_TYPES)
        for side in (node.left, node.right)
    )


def impure(tree: list[Source]) -> list[str]:
    """Files, processes, network, environment, clock or chance where only values in and values out are allowed."""
    faults = []
    for source in tree:
        if source.area in NOT_PURE:
            continue
        for line, name in imports(source):
            if name.split(".")[0] in IMPURE_MODULES and not name.startswith(PURE_PARTS):
                faults.append(source.at(line, f"{source.area} is pure and must not import {name}"))
        for node in ast.walk(source.tree):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
                faults.append(source.at(node.lineno, f"{source.area} is pure and must not call {node.func.id}()"))
            elif isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK:
                owner = ast.unparse(node.func.value).rpartition(".")[2]
                if owner in ("date", "datetime"):
                    faults.append(
                        source.at(node.lineno, f"{source.area} is pure: pass the time in, don't read the clock")
                    )
    return faults


def without_header(tree: list[Source]) -> list[str]:
    """Files that lack the licence header (below the shebang and coding lines, if any)."""
    faults = []
    for source in tree:
        lines = [line for line in source.text.splitlines() if not line.startswith(("#!", "# -*-"))]
        if source.text.strip() and tuple(lines[: len(HEADER)]) != HEADER:
            faults.append(source.at(1, "must start with the copyright, licence and SPDX lines of the other plugins"))
    return faults


def without_future_annotations(tree: list[Source]) -> list[str]:
    """Files with code and no ``from __future__ import annotations``."""
    return [
        source.at(1, "lacks from __future__ import annotations")
        for source in tree
        if source.text.strip() and not any(name == "__future__.annotations" for _line, name in imports(source))
    ]


def too_long(project: Path, *directories: str) -> list[str]:
    """Code of more than LONGEST lines below the directories."""
    faults = []
    for directory in directories:
        for path in sorted((project / directory).rglob("*")):
            if path.suffix in (".py", ".sh") and path.is_file():
                count = len(path.read_text(encoding="utf-8").splitlines())
                if count > LONGEST:
                    faults.append(f"{path.relative_to(project)}: {count} lines; split it (at most {LONGEST})")
    return faults
