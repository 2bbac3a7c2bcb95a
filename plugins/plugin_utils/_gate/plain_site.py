# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site for those who have none: each single address that their plain flows name is a device, and is its own name."""

from __future__ import annotations

from .._policy.model import EnforcementPolicy
from .._site.load import load_site
from .._site.model import Address, Device, Management, Site

_ZONE = "everywhere"


def named_by(document: object, policy: EnforcementPolicy) -> Site:
    """The site of a document, or where there is none that of a policy from plain flows. Raises SiteError."""
    return load_site(document).site if document else site_of(policy)


def site_of(policy: EnforcementPolicy) -> Site:
    """The declared addresses of a policy as unmanaged devices: nobody has said that anything may be done with them."""
    addresses: dict[Address, None] = {}
    for passage in policy.passages:
        for permit in passage.permits:
            for network in (permit.source, permit.destination):
                if network.prefixlen == network.max_prefixlen:
                    addresses[network.network_address] = None
    return Site(
        name=policy.site,
        management=Management((), ()),
        zones={},
        devices={str(address): _device(address) for address in addresses},
        workflows=(),
        conduits=(),
        firewalls={},
    )


def _device(address: Address) -> Device:
    return Device(
        name=str(address),
        zone=_ZONE,
        addresses=(address,),
        actors=(),
        managed=False,
        pacs_host=str(address),
        probe="never",
        application_entities=(),
        hl7_applications=(),
    )
