# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings by risk: what failed first, worst first; what passed folded away at the end."""

from __future__ import annotations

FINDINGS = """
{% macro subject(seen) %}
<strong><bdi>{{ seen.subject }}</bdi></strong>{% if seen.observed | length == 1 %}: <bdi>{{ seen.observed[0] }}</bdi>
{%- elif seen.observed %}:
<ul>{% for text in seen.observed %}<li><bdi>{{ text }}</bdi></li>
{% endfor %}</ul>{% endif %}
{% endmacro %}
{% macro citation(cite) %}
<bdi>{{ cite.text }}</bdi>
{% if cite.proposed %}<span class="tag">proposed, not in force</span>{% endif %}
{% if cite.partial %}<span class="soft">(read in extracts)</span>{% endif %}
{% endmacro %}
{% macro card(finding) %}
<article class="card {{ finding.state.key }}">
<div class="top">
{{ pill(finding.state) }}
<span class="severity">risk: <strong>{{ finding.severity }}</strong>
<span aria-hidden="true">{{ finding.bars }}</span></span>
<span class="soft small">{{ finding.control }}</span>
</div>
<h4><bdi>{{ finding.title }}</bdi></h4>
<dl class="facts">
<dt>{{ "Where" if finding.bare else "Where and what was seen" }}</dt><dd>
{% for seen in finding.subjects %}
<div class="seen">
<div>{{ subject(seen) }}</div>
{% if seen.expected %}<p class="soft small">expected: <bdi>{{ seen.expected }}</bdi></p>{% endif %}
{% if seen.how or seen.evidence %}<p class="soft small">{{ trace(seen) }}</p>{% endif %}

</div>
{% endfor %}
</dd>
<dt>What is demanded</dt><dd><bdi>{{ finding.demand }}</bdi></dd>
{% if finding.mend and finding.needs_mending %}
<dt>How to mend it</dt><dd class="mend"><bdi>{{ finding.mend }}</bdi></dd>
{% endif %}
{% if finding.citations %}
<dt>Evidence for</dt><dd><ul class="cites">
{% for cite in finding.citations %}<li>{{ citation(cite) }}</li>
{% endfor %}
</ul></dd>
{% endif %}
{% if finding.judgeable %}<dt>How far</dt><dd class="soft small">{{ finding.judgeable }}</dd>{% endif %}
</dl>
{% for item in finding.waivers %}
<div class="note {{ item.state.key }}"><strong>Waiver</strong> {{ state(item.state) }}{{ waiver(item) }}</div>
{% endfor %}
</article>
{% endmacro %}
<section id="findings" class="sheet" aria-labelledby="findings-title">
<h2 id="findings-title">Findings by risk</h2>
{% if page.steps %}
<h3>What to do first</h3>
<ol class="steps">
{% for step in page.steps %}<li><bdi>{{ step.mend }}</bdi> <span class="soft small">({{ step.why }})</span></li>
{% endfor %}
</ol>
{% endif %}
{% for group in page.groups %}
<h3>{{ group.title }} ({{ group.number }})</h3>
<p class="soft group">{{ group.lead }}</p>
{% for finding in group.findings %}{{ card(finding) }}{% endfor %}
{% else %}
<p class="lead">Nothing failed, and nothing is left open.</p>
{% endfor %}
{% for group in page.folded %}
<details>
<summary>{{ group.title }} ({{ group.number }})</summary>
<table class="blocks wide">
<thead><tr>
<th scope="col">Control</th><th scope="col">State</th>
<th scope="col">Where and what was seen</th><th scope="col">Evidence for</th>
</tr></thead>
<tbody>
{% for finding in group.findings %}
<tr>
<th scope="row"><bdi>{{ finding.title }}</bdi>
<span class="soft small">{{ finding.control }}, risk: {{ finding.severity }}</span></th>
<td>{{ state(finding.state) }}</td>
<td>
{% for seen in finding.subjects %}
<div class="seen">{{ subject(seen) }}<div class="soft small">{{ trace(seen) }}</div></div>
{% endfor %}
</td>
<td data-name="Evidence for">{% for cite in finding.citations %}<div>{{ citation(cite) }}</div>{% endfor %}</td>
</tr>
{% endfor %}
</tbody>
</table>
</details>
{% endfor %}
<details>
<summary>What the states mean</summary>
{{ legend(page.state_words) }}
</details>
</section>
"""
