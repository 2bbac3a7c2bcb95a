# Copyright: (c) 2026, pacs.hardening contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report page's style sheet: system fonts, light and dark on screen, always light on paper."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light;
  --paper: #fff; --sunk: #f4f6f8; --line: #d5dbe1; --ink: #1a2129; --soft: #55606c;
  --bad: #b3192a; --bad-bg: #fdebec; --warn: #8a4b00; --warn-bg: #fdf2e0; --open: #5b3f96; --open-bg: #f2edfb;
  --waived: #0b5a75; --waived-bg: #e5f3f8; --good: #19693a; --good-bg: #e8f5ec; --quiet: #5d6873; --quiet-bg: #f4f6f8;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    color-scheme: dark;
    --paper: #14181d; --sunk: #1c2228; --line: #39434d; --ink: #e5e9ed; --soft: #a7b1bb;
    --bad: #ff8f98; --bad-bg: #3c1a1f; --warn: #f3b562; --warn-bg: #382811; --open: #c3aef5; --open-bg: #2a2340;
    --waived: #84cbe6; --waived-bg: #14303b; --good: #7fd49c; --good-bg: #15301f; --quiet: #a0abb5; --quiet-bg: #1c2228;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere; text-wrap: pretty;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif;
}
header, main, footer { max-width: 72rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2rem; }
h1, h2, h3, h4 { line-height: 1.25; margin: 0; text-wrap: balance; }
h1 { font-size: 2rem; letter-spacing: -0.01em; }
h2 { font-size: 1.4rem; margin: 3rem 0 0.75rem; padding-top: 0.75rem; border-top: 2px solid var(--ink); }
h3 { font-size: 1.1rem; margin: 1.75rem 0 0.5rem; }
h4 { font-size: 1.05rem; }
p, ul, dl { margin: 0.5rem 0; }
.lead, section > p { max-width: 54rem; }
ul { padding-left: 1.25rem; }
li { margin: 0.2rem 0; }
a { color: inherit; }
:focus-visible { outline: 3px solid var(--open); outline-offset: 2px; }
code, .code {
  font-family: ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
  font-size: 0.88em;
}
.soft { color: var(--soft); }
.small { font-size: 0.875rem; }
.unseen {
  position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap;
}
.kicker { color: var(--soft); margin: 0 0 0.25rem; }
.meta {
  display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; color: var(--soft); font-size: 0.9rem;
  margin-top: 0.35rem;
}

/* One colour for each kind of state; the mark and the word say the same. */
.bad { --tone: var(--bad); --tone-bg: var(--bad-bg); }
.warn { --tone: var(--warn); --tone-bg: var(--warn-bg); }
.open { --tone: var(--open); --tone-bg: var(--open-bg); }
.part, .waived { --tone: var(--waived); --tone-bg: var(--waived-bg); }
.good { --tone: var(--good); --tone-bg: var(--good-bg); }
.quiet, .self { --tone: var(--quiet); --tone-bg: var(--quiet-bg); }
.mark { display: inline-block; min-width: 1.15em; text-align: center; font-weight: 700; }
.state { color: var(--tone); font-weight: 600; white-space: nowrap; }
.pill {
  display: inline-block; padding: 0.05rem 0.6rem 0.05rem 0.4rem; border: 1px solid var(--tone); border-radius: 1rem;
  background: var(--tone-bg); color: var(--tone); font-size: 0.875rem; font-weight: 600; white-space: nowrap;
}
.tag {
  margin-right: 0.4rem;
  display: inline-block; padding: 0 0.4rem; border: 1px solid currentcolor; border-radius: 0.25rem;
  font-size: 0.8rem; white-space: nowrap;
}
.severity { font-size: 0.875rem; white-space: nowrap; }
.severity span { letter-spacing: 0.05em; }

.verdict {
  margin: 1.25rem 0 0; padding: 1rem 1.25rem; border-left: 0.4rem solid var(--tone); background: var(--tone-bg);
}
.verdict p { margin: 0; }
.verdict .sentence { font-size: 1.2rem; font-weight: 600; }
.verdict .sentence .mark { color: var(--tone); }
.verdict p + p { margin-top: 0.35rem; }
.tally {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 0.5rem; list-style: none;
  padding: 0; margin: 1rem 0 0;
}
.tally li {
  margin: 0; padding: 0.5rem; font-size: 0.875rem;
  border: 1px solid var(--line); border-top: 3px solid var(--tone);
}
.tally b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
nav { margin-top: 1rem; font-size: 0.9rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; padding: 0; margin: 0; }
nav li { margin: 0; }

table { border-collapse: collapse; width: 100%; font-size: 0.925rem; }
caption { text-align: left; color: var(--soft); padding-bottom: 0.5rem; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.6rem; border-bottom: 1px solid var(--line); }
thead th {
  overflow-wrap: normal; border-bottom: 2px solid var(--ink); font-size: 0.875rem; vertical-align: bottom;
}
tbody th { font-weight: 600; }
td.name { min-width: 7.5rem; }
th.pair { min-width: 12rem; }
.shown th:nth-child(2) { width: 45%; }
.traffic th:nth-child(1) { width: 9.5rem; }
.traffic th:nth-child(2) { width: 30%; }
.traffic th:nth-child(3) { width: 7.5rem; }
.traffic th:nth-child(4) { width: 20%; }
.wide th:nth-child(1) { width: 28%; }
.wide th:nth-child(3) { width: 38%; }
.scroll { overflow-x: auto; }

.coverbar { display: flex; height: 1.1rem; gap: 2px; margin: 0.75rem 0; }
.coverbar span {
  background: var(--tone); color: var(--paper); font-size: 0.75rem; line-height: 1.1rem; text-align: center;
  min-width: 1.1rem;
}

.matrix { min-width: 100%; }
.scroll { position: relative; }
.matrix th, .matrix td {
  border: 1px solid var(--line); padding: 0.4rem 0.3rem; text-align: center; vertical-align: middle;
}
.matrix thead th { overflow-wrap: normal; border-bottom: 2px solid var(--ink); }
.matrix tbody th { text-align: left; padding-left: 0.5rem; min-width: 7.5rem; background: var(--paper); }
.matrix td { background: var(--tone-bg); color: var(--tone); line-height: 1.25; }
.matrix td.self { background: repeating-linear-gradient(135deg, transparent 0 5px, var(--line) 5px 6px); }
.matrix td .mark { display: block; font-size: 1.1rem; }
.matrix td .short { font-size: 0.78rem; }
.matrix td a { display: block; color: inherit; }
/* Many zones: marks alone, the words for those who listen; the legend explains the marks. */
.dense td .short { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.dense thead th { vertical-align: bottom; }
.dense thead th span { writing-mode: vertical-rl; transform: rotate(180deg); font-size: 0.8rem; white-space: nowrap; }
.dense tbody th, .dense thead td { position: sticky; left: 0; font-size: 0.8rem; }
tr:target { outline: 2px solid var(--open); }
.matrix .corner { font-weight: 400; font-size: 0.75rem; color: var(--soft); text-align: left; }
.legend {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: 0.15rem 1.5rem;
  list-style: none; padding: 0; font-size: 0.9rem;
}

.card {
  border: 1px solid var(--line); border-left: 0.35rem solid var(--tone); padding: 0.9rem 1.1rem;
  margin: 0.9rem 0;
}
.card > h4 { margin-top: 0.35rem; }
.card .top { display: flex; flex-wrap: wrap; align-items: center; gap: 0.3rem 0.9rem; }
.facts { display: grid; grid-template-columns: 8.5rem 1fr; gap: 0.35rem 1rem; margin: 0.6rem 0 0; }
.facts dt { color: var(--soft); font-size: 0.9rem; padding-top: 0.08rem; }
.facts dd { margin: 0; min-width: 0; }
.facts .mend { font-weight: 600; }
.facts ul { margin: 0; padding-left: 1.1rem; }
.seen { margin: 0 0 0.4rem; }
.seen p { margin: 0; }
.cites { list-style: none; padding: 0 !important; font-size: 0.9rem; }
.note {
  border-left: 0.25rem solid var(--tone); background: var(--tone-bg); padding: 0.5rem 0.8rem;
  margin: 0.6rem 0 0; font-size: 0.925rem;
}
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 0.9rem; }
.grid .card { margin: 0; }
.card h3 { margin: 0; }
details { border: 1px solid var(--line); margin: 0.9rem 0; }
summary { cursor: pointer; padding: 0.6rem 0.9rem; font-weight: 600; background: var(--sunk); }
details > .legend { margin-top: 0.6rem; margin-bottom: 0.6rem; }
details > :not(summary) { margin-left: 0.9rem; margin-right: 0.9rem; }
details table { width: calc(100% - 1.8rem); margin-bottom: 0.9rem; }
footer { margin-top: 3rem; padding-top: 1rem; padding-bottom: 3rem; color: var(--soft); font-size: 0.875rem; }
footer p { max-width: 46rem; }

@media screen and (max-width: 44rem) {
  header, main, footer { padding-left: 1rem; padding-right: 1rem; }
  header { padding-top: 1.25rem; }
  h1 { font-size: 1.6rem; }
  .facts { grid-template-columns: 1fr; gap: 0.1rem; }
  .facts dd { margin-bottom: 0.5rem; }
  .matrix td .short { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .matrix thead th span {
    writing-mode: vertical-rl; transform: rotate(180deg); font-size: 0.8rem; white-space: nowrap;
  }
  .matrix tbody th { font-size: 0.8rem; min-width: 6.4rem; padding-left: 0.3rem; position: sticky; left: 0; }
  .matrix td { min-width: 2.1rem; }
  /* A list table becomes blocks: each cell carries its column's name. */
  .blocks thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .blocks, .blocks caption, .blocks tbody, .blocks tr, .blocks th, .blocks td { display: block; }
  .blocks tr { padding: 0.6rem 0; border-bottom: 1px solid var(--line); }
  .blocks th, .blocks td { border: 0; padding: 0.1rem 0; }
  td.name, th.pair { min-width: 0; }
  .blocks td:empty { display: none; }
  .blocks td[data-name]::before { content: attr(data-name) ": "; color: var(--soft); font-weight: 400; }
}

@page {
  size: A4; margin: 16mm 14mm 18mm;
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; }
}
@media print {
  html { font-size: 9.5pt; }
  body { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  header, main, footer { max-width: none; padding: 0; }
  nav { display: none; }
  h1 { font-size: 20pt; }
  h2 { font-size: 14pt; margin-top: 0; }
  section.sheet { break-before: page; }
  section:not(.sheet) h2 { margin-top: 1.2rem; }
  h2, h3, h4, summary, caption, .card .top, .group { break-after: avoid; }
  td.name { min-width: 7.4rem; }
  th.pair { min-width: 9rem; }
  .card, tr, .note, .legend { break-inside: avoid; }
  .cites li { display: inline; }
  .cites li + li::before { content: "·  "; }
  .grid { grid-template-columns: 1fr 1fr; }
  .tally { grid-template-columns: repeat(8, 1fr); }
  .tally li { padding: 0.3rem 0.5rem; font-size: 0.85rem; }
  .scroll { overflow: visible; }
  .matrix th, .matrix td { padding: 0.2rem 0.15rem; overflow-wrap: normal; font-size: 7.5pt; }
  .matrix td .short { font-size: 6.5pt; }
  .matrix tbody th { min-width: 0; }
  .dense tbody th { overflow-wrap: anywhere; max-width: 6rem; }
  .facts { grid-template-columns: 7.8rem 1fr; }
  a { text-decoration: none; }
  details { border: 0; margin: 0.5rem 0; }
  details > .legend { margin-top: 0.6rem; margin-bottom: 0.6rem; }
details > :not(summary) { margin-left: 0; margin-right: 0; }
  details table { width: 100%; }
  summary { list-style: none; padding: 0.4rem 0; background: none; }
  /* Paper can't be unfolded. */
  details::details-content { content-visibility: visible; block-size: auto; }
  footer { margin-top: 1.5rem; padding-bottom: 0; }
}
"""
