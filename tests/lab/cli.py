"""The command line: python -m lab up|down|status|reset|probe|exercise|sign|exec."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path

from lab import authority, engine, exercise, lifecycle, probes
from lab.errors import LabError
from lab.topology import topology


def main(argv: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    try:
        return int(options.call(options) or 0)
    except (LabError, OSError, subprocess.SubprocessError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description="A miniature hospital in podman containers.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, call: object, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(call=call)
        return added

    command("up", _up, "bring the lab up; makes only what is missing or has changed")
    again = command("reset", _reset, "make nodes anew from their images")
    again.add_argument("node", nargs="*", help="default: all nodes")
    gone = command("down", _down, "remove nodes, networks and keys, and restore the host")
    gone.add_argument("--images", action="store_true", help="remove the images too")
    gone.add_argument("--cache", action="store_true", help="remove the cached base file systems too")
    command("status", _status, "say how each node is")
    command("probe", _probe, "try the reachability matrix and print it")
    command("exercise", _exercise, "play the imaging workflow and print what came of each step")
    signing = command("sign", _sign, "sign what gateways ask for in a directory of the roles vpn_tls or vpn_ipsec")
    signing.add_argument("directory", type=Path)
    signing.add_argument("--revoke", nargs="*", metavar="NAME", help="a new list of revocations, with these")
    enter = command("exec", _exec, "run a command in a node: exec NODE -- COMMAND ...")
    enter.add_argument("node")
    enter.add_argument("argv", nargs=argparse.REMAINDER)
    return parser


def _up(options: argparse.Namespace, *, fresh: Collection[str] = ()) -> None:
    began = time.monotonic()
    made = lifecycle.up(_say, fresh=fresh)
    _say(
        f"the lab is up after {time.monotonic() - began:.0f} s: {len(made)} of {len(topology().nodes)} nodes were made"
    )


def _reset(options: argparse.Namespace) -> None:
    _up(options, fresh=options.node or list(topology().nodes))


def _down(options: argparse.Namespace) -> int:
    removed = lifecycle.down(_say, with_images=options.images, with_cache=options.cache)
    if removed:
        _say("the lab is down")
    return 0 if removed else 3


def _status(options: argparse.Namespace) -> int:
    rows = lifecycle.status()
    for row in rows:
        note = "" if row.current or row.state == "absent" else "  (outdated: `up` makes it anew)"
        print(f"{row.name:10}{row.state:10}{row.ipv4:16}{row.ipv6}{note}")
    return 0 if all(row.state == "running" for row in rows) else 3


def _probe(options: argparse.Namespace) -> int:
    results = probes.run()
    for result in results:
        verdict = "as it must be" if result.as_expected else f"must be {result.probe.expected}: {result.probe.why}"
        print(f"{result.probe!s:48}{result.outcome:12}{verdict}")
    wrong = sum(not result.as_expected for result in results)
    opened = sum(result.is_open for result in results)
    print(f"{len(results)} probes, {opened} open; {wrong} not as a hardened site must be")
    return 3 if wrong else 0


def _exercise(options: argparse.Namespace) -> int:
    results = []
    for result in exercise.play():
        _say(f"{'ok  ' if result.ok else 'FAIL'}  {result.title}: {result.detail} ({result.seconds:.1f} s)")
        results.append(result)
    return 0 if all(result.ok for result in results) else 3


def _sign(options: argparse.Namespace) -> None:
    for name in authority.sign(options.directory, options.revoke):
        _say(name)


def _exec(options: argparse.Namespace) -> int:
    argv = options.argv[1:] if options.argv[:1] == ["--"] else options.argv
    if not argv:
        raise LabError("exec needs a command: exec NODE -- COMMAND ...")
    flags = ["--interactive", *(["--tty"] if sys.stdin.isatty() else [])]
    command = ["podman", "exec", *flags, topology().node(options.node).container, *argv]
    return subprocess.run(command, check=False, env=engine.environment()).returncode


def _say(message: str) -> None:
    print(message, flush=True)
