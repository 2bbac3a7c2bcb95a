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
# The old form: a selector, then @host, @@host:port, @[address] or @(options)host.
_RSYSLOG_LINE = re.compile(r"(?m)^[^\n]*\s@@?(?:\([^)\n]*\))?\[?([\w:.-]+)")
_RSYSLOG_ACTION = re.compile(r"(?is)\baction\s*\((.*?)\)")
_RSYSLOG_TYPE = re.compile(r"(?i)\btype\s*=\s*\"om(?:fwd|relp)\"")
_RSYSLOG_TARGET = re.compile(r"(?i)\btarget\s*=\s*\"([^\"]+)\"")
_SYSLOG_NG_DESTINATION = re.compile(r"(?s)\bdestination\b[^{]*\{(.*?)\}")
_SYSLOG_NG_DRIVER = re.compile(r"\b(?:network|syslog|tcp6?|udp6?)\s*\(\s*\"?([\w:.-]+)")
_UPLOAD_URL = re.compile(r"(?m)^\s*URL\s*=\s*(?:\w+://)?\[?([\w:.-]+)")
_THIS_HOST = ("localhost", "127.", "::1")


def sends_away(name: str, text: str) -> bool:
    """Whether the configuration I(text) of the forwarder I(name) has a target on another host."""
    text = _COMMENT.sub("", text)
    if name == "rsyslogd":
        actions = [action for action in _RSYSLOG_ACTION.findall(text) if _RSYSLOG_TYPE.search(action)]
        targets = _RSYSLOG_LINE.findall(text) + [one for action in actions for one in _RSYSLOG_TARGET.findall(action)]
    elif name == "syslog-ng":
        targets = [one for block in _SYSLOG_NG_DESTINATION.findall(text) for one in _SYSLOG_NG_DRIVER.findall(block)]
    else:
        targets = _UPLOAD_URL.findall(text)
    return any(not target.lower().startswith(_THIS_HOST) for target in targets)


def has_listener(nfnetlink_log: str, group: int = DROP_LOG_GROUP) -> bool:
    """Whether C(/proc/net/netfilter/nfnetlink_log) names a process that takes the group. Raises ValueError on a line
    that the kernel would not write.
    """
    return any(int(line.split()[0]) == group for line in nfnetlink_log.splitlines() if line.strip())
