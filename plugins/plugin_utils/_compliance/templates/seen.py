# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the firewalls have seen that nobody declares, and what of the declared nobody used."""

from __future__ import annotations

SEEN = """
<section id="seen" class="sheet" aria-labelledby="seen-title">
<h2 id="seen-title">What was seen and isn't declared</h2>
{% if page.seen %}
<p class="lead">Every firewall remembers new connections that no flow declares. Devices stand here by their names; of an
address that nobody declares only the zone is shown. The playbook <code>pacs.hardening.observe</code> names it.</p>
{% for part in page.seen %}
<h3><bdi>{{ part.firewall }}</bdi></h3>
<p><bdi>{{ part.firewall }}</bdi> {{ part.sentence }}.</p>
{% for doubt in part.doubts %}<p class="note warn"><bdi>{{ doubt }}</bdi></p>
{% endfor %}
{% if part.lines %}
<table class="blocks traffic">
<thead><tr>
<th scope="col">State</th><th scope="col" class="pair">Who → whom</th><th scope="col">Port</th>
<th scope="col">How often</th><th scope="col">What it looks like</th>
</tr></thead>
<tbody>
{% for line in part.lines %}
<tr>
<td>{{ state(line.word) }}</td>
<th scope="row"><bdi>{{ line.source }}</bdi> → <bdi>{{ line.destination }}</bdi></th>
<td data-name="Port" class="name">{{ line.service }}</td>
<td data-name="How often">{{ line.often }}</td>
<td><bdi>{{ line.what }}</bdi></td>
</tr>
{% endfor %}
</tbody>
</table>
{% if part.more %}
<p class="soft">and {{ part.more }} more like these.</p>
{% endif %}
{% endif %}
{% if part.unused %}
<p class="soft">{{ part.unused }}. That is no fault, and may be a conduit that nobody needs any more
{%- if part.names %}: {% for name in part.names %}<bdi>{{ name }}</bdi>{{ "; " if not loop.last }}{% endfor %}
{% endif %}.</p>
{% endif %}
{% endfor %}
{% if page.seen_words %}
{{ legend(page.seen_words) }}
<p>What belongs to the site: declare it; <code>pacs.hardening.propose</code> writes a proposal. What doesn't is refused
once the firewall enforces; what is still open then is ended by <code>pacs.hardening.connections_cut</code>.</p>
{% endif %}
{% else %}
<p>The site declares no firewall.</p>
{% endif %}
</section>
"""
