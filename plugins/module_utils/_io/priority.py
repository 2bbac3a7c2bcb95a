# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take as little of the machine as possible, so that images go first. Private."""

from __future__ import annotations

import contextlib
import ctypes
import os

# ioprio_set(2) has no wrapper in the C library; its number differs between architectures.
_IOPRIO_SET = {
    "x86_64": 251,
    "aarch64": 30,
    "riscv64": 30,
    "loongarch64": 30,
    "ppc64le": 273,
    "s390x": 282,
    "i686": 289,
    "armv7l": 314,
}
_THIS_PROCESS, _IDLE = 1, 3 << 13
_NICEST = 19


def step_back() -> dict[str, bool]:
    """Give this process the lowest priority for the processor, and for disks. Says which of both could be done; for
    disks it matters only under a scheduler that knows priorities (bfq).
    """
    done = {"processor": False, "disk": False}
    with contextlib.suppress(OSError):
        done["processor"] = os.nice(_NICEST) >= _NICEST
    number = _IOPRIO_SET.get(os.uname().machine)
    if number is not None:
        with contextlib.suppress(OSError, AttributeError):
            done["disk"] = ctypes.CDLL(None).syscall(number, _THIS_PROCESS, 0, _IDLE) == 0
    return done
