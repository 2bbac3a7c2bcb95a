# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was looked at, what the report doesn't say, and host by host."""

from __future__ import annotations

COVERAGE = """
<section id="coverage" aria-labelledby="coverage-title">
<h2 id="coverage-title">What was looked at</h2>
<p class="lead">{{ page.coverage.sentence }}</p>
<div class="coverbar" aria-hidden="true">
{% for word, number in page.coverage.counts if number %}
<span class="{{ word.key }}" style="flex-grow: {{ number }}">{{ word.mark }}&nbsp;{{ number }}</span>
{% endfor %}
</div>
{% if page.coverage.devices | length > 30 %}<details><summary>Every declared device</summary>{% endif %}
<table class="blocks">
<caption>Every declared device, the unseen ones first.</caption>
<thead><tr>
<th scope="col">Device</th><th scope="col">Zone</th><th scope="col">How it was judged</th>
<th scope="col">Ansible may log in</th><th scope="col">Remark</th>
</tr></thead>
<tbody>
{% for device in page.coverage.devices %}
<tr>
<th scope="row"><bdi>{{ device.name }}</bdi></th>
<td data-name="Zone" class="name"><bdi>{{ device.zone }}</bdi></td>
<td>{{ state(device.how) }}</td>
<td data-name="Ansible may log in">{{ "yes" if device.managed else "no" }}</td>
<td>{% if device.reason %}<bdi>{{ device.reason }}</bdi>{% endif %}</td>
</tr>
{% endfor %}
</tbody>
</table>
{% if page.coverage.devices | length > 30 %}</details>{% endif %}
{% if page.spared %}
<h3>Without antivirus, by their maker's word</h3>
<p class="lead">Nobody but the maker may install it there. This is what stands in its place.</p>
<table class="blocks">
<caption>Each device with the answers of its maker's MDS2, and what was seen.</caption>
<thead><tr>
<th scope="col">Device</th><th scope="col">Forbidden by</th><th scope="col">Instead, says the maker</th>
<th scope="col">What this report saw</th>
</tr></thead>
<tbody>
{% for device in page.spared %}
<tr>
<th scope="row"><bdi>{{ device.name }}</bdi></th>
<td data-name="Forbidden by">{% for answer in device.forbidden_by %}<div>{{ answer }}</div>{% endfor %}</td>
<td data-name="Instead, says the maker">{% for answer in device.instead %}<div>{{ answer }}</div>
{% else %}nothing{% endfor %}</td>
<td data-name="What this report saw">{% for word, text in device.controls %}<div>{{ state(word) }} {{ text }}</div>
{% else %}nothing{% endfor %}</td>
</tr>
{% endfor %}
</tbody>
</table>
{% endif %}
</section>
<section id="limits" aria-labelledby="limits-title">
<h2 id="limits-title">What this report doesn't say</h2>
{% if page.limits %}
<ul>
{% for sentence in page.limits %}<li><bdi>{{ sentence }}</bdi></li>
{% endfor %}
</ul>
{% else %}
<p>The result names no limits.</p>
{% endif %}
</section>
"""

HOSTS = """
<section id="hosts" class="sheet" aria-labelledby="hosts-title">
<h2 id="hosts-title">Host by host</h2>
{% if page.hosts %}
<div class="grid">
{% for host in page.hosts %}
<article class="card {{ host.tone }}">
<div class="top"><h3><bdi>{{ host.name }}</bdi></h3>
{{ pill(host.reached) }}</div>
{% if host.reason %}<p><bdi>{{ host.reason }}</bdi></p>{% endif %}
<dl class="facts">
{% for word, controls in host.controls %}<dt>{{ state(word) }}</dt><dd>{{ controls | join(", ") }}</dd>
{% else %}<dt>Controls</dt><dd>none was judged on this host</dd>
{% endfor %}
{% for status, parts in host.parts %}<dt>{{ status }}</dt><dd>{{ parts | join(", ") }}</dd>
{% endfor %}
</dl>
</article>
{% endfor %}
</div>
{% else %}
<p>No host was looked at.</p>
{% endif %}
</section>
<section id="waivers" aria-labelledby="waivers-title">
<h2 id="waivers-title">Waivers</h2>
{% if page.waivers %}
<p>A waiver accepts a failure until a date. The failure stays in the report with what was really seen.</p>
<div class="grid">
{% for item in page.waivers %}
<article class="card {{ item.state.key }}">
<div class="top"><h3>{{ item.control }}</h3>
{{ pill(item.state) }}</div>
{{ waiver(item) }}
</article>
{% endfor %}
</div>
{% else %}
<p>There are none: nothing that fails has been accepted.</p>
{% endif %}
</section>
"""
