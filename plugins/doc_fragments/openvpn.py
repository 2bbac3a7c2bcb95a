# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server of OpenVPN, as an option of several modules."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation that modules extend."""

    DOCUMENTATION = r"""
options:
  server:
    description: Names and paths of the server, as C(server) of P(pacs.hardening.openvpn_files#filter).
    type: dict
    required: true
    suboptions:
      name:
        description: Name of the server.
        type: str
        required: true
      identity:
        description: The name in the server's certificate.
        type: str
        required: true
      unit:
        description: The systemd unit.
        type: str
        required: true
      owned:
        description: Directories in which nothing else may lie.
        type: list
        required: true
        elements: str
      management:
        description: Path of the management socket.
        type: str
        required: true
      private_key:
        description: Path of the server's key.
        type: str
        required: true
      certificate:
        description: Path of the server's certificate.
        type: str
        required: true
      authority:
        description: Path of the authority's certificate.
        type: str
        required: true
      revocations:
        description: Path of the list of revocations.
        type: str
        required: true
      tls_crypt:
        description: Path of tls-crypt's key.
        type: str
        required: true
      token_key:
        description: Path of the key that tokens are signed with.
        type: str
        required: true
      codes:
        description: Directory of the secrets of one-time codes.
        type: str
        required: true
      settled:
        description: Path of what is known about the last run that came to its end.
        type: str
        required: true
"""
