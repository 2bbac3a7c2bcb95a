# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the host's logs go, as far as the drop log of a firewall needs it. Private, pure."""

from __future__ import annotations

import re

#: The NFLOG group into which the compiled rules log what they refuse.
DROP_LOG_GROUP = 5

#: Programs that pass logs on, to the files that say where to.
FORWARDERS = {
    "rsyslogd": ("/etc/rsyslog.conf", "/etc/rsyslog.d/*.conf"),
    "syslog-ng": ("/etc/syslog-ng/syslog-ng.conf", "/etc/syslog-ng/conf.d/*.conf"),
    "systemd-journal-upload": (
        "/etc/systemd/journal-upload.conf",
        "/etc/systemd/journal-upload.conf.d/*.conf",
        "/usr/lib/systemd/journal-upload.conf.d/*.conf",
    ),
}

JOURNALD = "systemd-journald"

_COMMENT = re.compile(r"(?m)(?:^|(?<=\s))#.*$")
_REMOTE = {
    # *.* @host, *.* @@host:port, action(type="omfwd" ...), omrelp.
    "rsyslogd": re.compile(r"(?mi)^\s*[^\s#]+\s+@{1,2}[\[(\w]|type\s*=\s*\"om(?:fwd|relp)\""),
    "syslog-ng": re.compile(r"\b(?:network|syslog|tcp6?|udp6?)\s*\(\s*(?!\))[^)]"),
    "systemd-journal-upload": re.compile(r"(?m)^\s*URL\s*=\s*\S"),
}


def sends_away(name: str, text: str) -> bool:
    """Whether the configuration I(text) of the forwarder I(name) has a remote target."""
    return _REMOTE[name].search(_COMMENT.sub("", text)) is not None


def has_listener(nfnetlink_log: str, group: int = DROP_LOG_GROUP) -> bool:
    """Whether C(/proc/net/netfilter/nfnetlink_log) names a process that takes the group. Raises ValueError on a line
    that the kernel would not write.
    """
    return any(int(line.split()[0]) == group for line in nfnetlink_log.splitlines() if line.strip())
