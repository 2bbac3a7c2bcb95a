# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach whom: the zones as a table, and below it what isn't as declared."""

from __future__ import annotations

REACHABILITY = """
<section id="reachability" class="sheet" aria-labelledby="reachability-title">
<h2 id="reachability-title">Who can reach whom</h2>
{% if page.matrix %}
<p class="lead">{{ page.matrix_sentence }} Rows are where a new connection starts, columns where it goes.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Connections between zones">
<table class="matrix{% if page.matrix | length > 10 %} dense{% endif %}">
<caption class="unseen">New connections from each zone (row) to each zone (column), against what was declared</caption>
<thead><tr>
<td class="corner">from ↓ to →</td>
{% for row in page.matrix %}<th scope="col"><span><bdi>{{ row.zone }}</bdi></span></th>{% endfor %}
</tr></thead>
<tbody>
{% for row in page.matrix %}
<tr>
<th scope="row"><bdi>{{ row.zone }}</bdi></th>
{% for cell in row.cells %}
<td class="{{ cell.word.key }}">
{%- if cell.anchor %}<a href="#{{ cell.anchor }}">{{ mark(cell.word) }}<span class="short">{{ cell.short }}</span></a>
{%- else %}{{ mark(cell.word) }}<span class="short">{{ cell.short }}</span>{% endif -%}
</td>
{% endfor %}
</tr>
{% endfor %}
</tbody>
</table>
</div>
{{ legend(page.matrix_words) }}
{% for word, cells in page.deviations %}
<details{% if cells | length <= 8 %} open{% endif %}>
<summary>{{ state(word) }}: {{ pairs(cells) }}</summary>
<table class="blocks shown">
<thead><tr>
<th scope="col" class="pair">From → to</th><th scope="col">What shows it</th>
<th scope="col">Declared</th><th scope="col">Firewall</th>
</tr></thead>
<tbody>
{% for cell in cells %}
<tr id="{{ cell.anchor }}">
<th scope="row"><bdi>{{ cell.source }}</bdi> → <bdi>{{ cell.destination }}</bdi></th>
<td data-name="Seen">{{ flows(cell.witnesses) or "no example packet" }}</td>
<td data-name="Declared">{{ flows(cell.declared) or "nothing" }}</td>
<td data-name="Firewall" class="name">{{ cell.how | join(", ") or "none" }}</td>
</tr>
{% endfor %}
</tbody>
</table>
</details>
{% endfor %}
{% if page.declared %}
<details>
<summary>{{ state(page.declared[0].word) }}: what passes between {{ pairs(page.declared) }}</summary>
<table class="blocks">
<thead><tr>
<th scope="col" class="pair">From → to</th><th scope="col">Declared connections</th><th scope="col">Firewall</th>
</tr></thead>
<tbody>
{% for cell in page.declared %}
<tr>
<th scope="row"><bdi>{{ cell.source }}</bdi> → <bdi>{{ cell.destination }}</bdi></th>
<td>{{ flows(cell.declared) }}</td>
<td data-name="Firewall" class="name">{{ cell.how | join(", ") or "none" }}</td>
</tr>
{% endfor %}
</tbody>
</table>
</details>
{% endif %}
{% else %}
<p>The result holds no zones.</p>
{% endif %}
</section>
"""
