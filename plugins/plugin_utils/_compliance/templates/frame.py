# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report page's frame: document head, verdict, table of contents, footer, and the macros that sections share."""

from __future__ import annotations

MACROS = """
{% macro mark(word) %}<span class="mark" aria-hidden="true">{{ word.mark }}</span>{% endmacro %}
{% macro state(word) %}<span class="state {{ word.key }}">{{ mark(word) }} {{ word.word }}</span>{% endmacro %}
{% macro pill(word) %}<span class="pill {{ word.key }}">{{ mark(word) }} {{ word.word }}</span>{% endmacro %}
{% macro pairs(cells) %}{{ cells | length }} {{ "pair" if cells | length == 1 else "pairs" }} of zones{% endmacro %}
{% macro flows(texts) %}{% for text in texts %}<div><bdi>{{ text }}</bdi></div>{% endfor %}{% endmacro %}
{% macro trace(seen) %}
{{ seen.how }}{% if seen.evidence %}{{ ", " if seen.how }}evidence
<code title="{{ seen.evidence }}">{{ seen.evidence[:12] }}</code>{% endif %}
{% endmacro %}
{% macro legend(words) %}
<ul class="legend" aria-label="What the marks mean">
{% for word in words %}<li>{{ state(word) }}: {{ word.meaning }}</li>
{% endfor %}
</ul>
{% endmacro %}
{% macro waiver(item) %}
<dl class="facts">
{% if item.scope %}<dt>Applies to</dt><dd><bdi>{{ item.scope }}</bdi></dd>{% endif %}
{% if item.reason %}<dt>Reason</dt><dd><bdi>{{ item.reason }}</bdi></dd>{% endif %}
{% if item.compensating_control %}
<dt>What helps instead</dt><dd><bdi>{{ item.compensating_control }}</bdi></dd>
{% endif %}
{% if item.owner %}<dt>Owner</dt><dd><bdi>{{ item.owner }}</bdi></dd>{% endif %}
{% if item.approver %}<dt>Approved by</dt><dd><bdi>{{ item.approver }}</bdi></dd>{% endif %}
{% if item.created %}<dt>Since</dt><dd>{{ item.created }}</dd>{% endif %}
{% if item.expires %}
<dt>Ends</dt><dd><strong>{{ item.expires }}</strong>
{% if item.remaining %}<span class="soft">({{ item.remaining }})</span>{% endif %}</dd>
{% endif %}
{% if item.problem %}<dt>Problem</dt><dd><bdi>{{ item.problem }}</bdi></dd>{% endif %}
</dl>
{% endmacro %}
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{ page.site }}: {{ page.verdict.word }}, {{ page.generated }}</title>
<style>{{ style }}</style>
</head>
<body>
<header>
<p class="kicker">Network hardening report</p>
<h1><bdi>{{ page.site }}</bdi></h1>
<div class="meta"><span>{{ page.generated }}</span><span>{{ page.tool }}</span></div>
<div class="verdict {{ page.verdict.key }}">
<p class="sentence">{{ mark(page.verdict) }} {{ page.verdict.word }}: {{ page.sentence }}</p>
{% for line in page.remarks %}<p>{{ line }}</p>
{% endfor %}
</div>
<ul class="tally" aria-label="Results by state">
{% for word, number in page.tally %}<li class="{{ word.key }}"><b>{{ number }}</b>{{ state(word) }}</li>
{% endfor %}
</ul>
<nav aria-label="Contents"><ul>
<li><a href="#coverage">What was looked at</a></li>
<li><a href="#limits">What this doesn't say</a></li>
<li><a href="#reachability">Who can reach whom</a></li>
<li><a href="#findings">Findings by risk</a></li>
<li><a href="#seen">What was seen and isn't declared</a></li>
<li><a href="#hosts">Host by host</a></li>
<li><a href="#waivers">Waivers</a></li>
</ul></nav>
</header>
<main>
{% include "coverage" %}
{% include "reachability" %}
{% include "findings" %}
{% include "seen" %}
{% include "hosts" %}
</main>
<footer>
<p>This page shows evidence for the controls that it names, at {{ page.generated }}. It doesn't say that anyone complies
with a law or a standard, or is certified. A state other than &ldquo;passed&rdquo; never counts as passed.</p>
<p>The same result for machines, with the whole evidence hashes, stands in <code>report.json</code> beside this page
({{ page.schema }}). Written by {{ page.tool }}. This page loads nothing, runs no script and holds no patient data.</p>
</footer>
</body>
</html>
"""
