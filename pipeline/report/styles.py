"""The report's style sheet, inline so that the page needs nothing else."""

from typing import Final

# A Python text rather than a file beside it, so that it is part of the stage's code id.
STYLES: Final = """
:root { --ink: #1f2933; --soft: #52606d; --faint: #7b8794; --line: #dfe4ea; --wash: #f5f7fa;
  --blue: #1f5fa8; --orange: #d9730d; --green: #1a7f5a; --red: #b42318; }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0; background: #fff; color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; font-variant-numeric: tabular-nums; }
main, .inner { max-width: 1180px; margin: 0 auto; padding: 0 28px; }
header { background: var(--wash); border-bottom: 1px solid var(--line); padding: 34px 0 26px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -.015em; }
.subtitle { color: var(--soft); font-size: 17px; margin: 0 0 18px; }
.statement { max-width: 860px; margin: 0 0 20px; }
.facts { display: flex; flex-wrap: wrap; gap: 10px 34px; margin: 0; }
.facts div { min-width: 74px; }
.facts dt { color: var(--faint); font-size: 12px; }
.facts dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
nav { border-bottom: 1px solid var(--line); padding: 12px 0; }
nav ol { display: flex; flex-wrap: wrap; gap: 4px 26px; margin: 0; padding: 0; list-style: none;
  counter-reset: section; }
nav li { counter-increment: section; }
nav li::before { content: counter(section) "\\2002"; color: var(--faint); }
a { color: var(--blue); text-decoration: none; }
a:hover { text-decoration: underline; }
section { padding: 34px 0 6px; }
h2 { font-size: 22px; margin: 0 0 8px; letter-spacing: -.01em; }
h3 { font-size: 16px; margin: 26px 0 8px; }
p { margin: 0 0 12px; max-width: 860px; }
.note { color: var(--soft); font-size: 13px; margin: 8px 0 0; max-width: 980px; }
figure { margin: 14px 0 6px; }
figure img { max-width: 100%; height: auto; display: block; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(500px, 1fr)); gap: 20px;
  margin-top: 18px; }
.card { border: 1px solid var(--line); border-radius: 8px; padding: 16px 18px 14px; min-width: 0;
  break-inside: avoid; }
.card-head { display: flex; justify-content: space-between; align-items: baseline; gap: 12px;
  margin: 0 0 10px; font-size: 14px; }
.card-head b { font-size: 16px; overflow-wrap: anywhere; }
.card-head .number { color: var(--faint); font-weight: 400; margin-right: 6px; }
.trio { display: grid; grid-template-columns: repeat(3, 1fr); gap: 10px; }
.trio img, .trio .blank { width: 100%; aspect-ratio: 1; border-radius: 4px; display: block;
  background: var(--wash); }
.trio .blank { display: grid; place-items: center; color: var(--faint); font-size: 13px; text-align: center; }
.trio figure { margin: 0; min-width: 0; }
.trio figcaption { font-size: 12px; color: var(--faint); padding-top: 3px; overflow-wrap: anywhere;
  line-height: 1.35; }
.attributes { width: 100%; border-collapse: collapse; margin: 12px 0 0; font-size: 13px;
  table-layout: fixed; }
.attributes th { font-weight: 500; font-size: 12px; color: var(--faint); text-align: left; padding: 2px 4px; }
.attributes td { padding: 3px 4px; border-top: 1px solid #eef1f4; vertical-align: middle; }
.attributes th:first-child, .attributes td:first-child { width: 38%; padding-left: 0;
  overflow-wrap: anywhere; }
.attributes .score { width: 12%; text-align: right; padding-right: 0; }
.first td { font-weight: 600; }
.term { display: flex; align-items: center; gap: 6px; font-weight: 400; }
.track { flex: 1; min-width: 0; height: 7px; background: #edf0f3; border-radius: 2px; overflow: hidden; }
.track i { display: block; height: 100%; background: var(--blue); }
.term.map_match .track i { background: var(--orange); }
.term.prior .track i { background: var(--faint); }
.mark { display: inline-block; width: 14px; text-indent: 0; color: var(--green); font-weight: 700; }
.mark.no { color: #b8c0c8; }
.others { margin: 10px 0 0; padding: 8px 0 0; border-top: 1px solid var(--line); font-size: 12.5px;
  line-height: 1.4; list-style: none; columns: 2; column-gap: 18px; }
.others li { overflow-wrap: anywhere; padding: 1px 0 1px 18px; text-indent: -18px; break-inside: avoid; }
.others span { color: var(--faint); }
.legend { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 22px; font-size: 13px;
  color: var(--soft); }
.legend .ramp { display: inline-block; width: 120px; height: 9px; border-radius: 2px; margin: 0 6px;
  vertical-align: middle; }
.legend .swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 5px; }
.wide { overflow-x: auto; }
table.data { border-collapse: collapse; font-size: 13.5px; min-width: 60%; }
table.data th { text-align: right; font-weight: 600; padding: 4px 10px; vertical-align: bottom;
  line-height: 1.3; border-bottom: 1.5px solid var(--ink); }
table.data th { white-space: nowrap; }
table.data tr.groups th { text-align: center; color: var(--soft); font-weight: 500;
  border-bottom: 1px solid var(--line); }
table.data tr.groups th:empty { border-bottom: none; }
table.data th small { display: block; font-weight: 400; color: var(--faint); }
table.data td { padding: 5px 10px; text-align: right; border-bottom: 1px solid #eef1f4; vertical-align: top;
  line-height: 1.35; }
table.data td small { display: block; color: var(--faint); font-size: 11.5px; white-space: nowrap; }
table.data .text { text-align: left; }
table.data td.text small { white-space: normal; }
table.data th:first-child, table.data td:first-child { padding-left: 0; }
table.data td.paper { background: #fbf6ec; }
table.data td.muted, table.data tr.muted td { color: var(--faint); }
table.data td.best { font-weight: 700; }
table.data td.best small { font-weight: 400; }
table.data td.good { color: var(--green); font-weight: 600; }
table.data td.bad { color: var(--red); font-weight: 600; }
table.data td.code { font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 12px; }
table.data tr.total td { border-top: 1.5px solid var(--ink); border-bottom: none; font-weight: 600; }
table.data td .track { width: 74px; height: 4px; margin: 3px 0 0 auto; }
#cost table.data { font-size: 12.5px; }
table.data td.line, #cost table.data td:first-child { white-space: nowrap; }
table.gallery { border-collapse: collapse; font-size: 12.5px; }
table.gallery th { font-weight: 500; color: var(--soft); text-align: center; padding: 2px 8px 2px 0; }
table.gallery th[scope="row"] { text-align: left; font-weight: 600; color: var(--ink); min-width: 92px; }
table.gallery th small { display: block; font-weight: 400; color: var(--faint); }
table.gallery td { padding: 2px; }
table.gallery img, table.gallery .blank { width: 128px; height: 128px; border-radius: 4px; display: block;
  background: var(--wash); }
table.gallery .blank { display: grid; place-items: center; color: var(--faint); }
.bars { display: grid; grid-template-columns: minmax(120px, max-content) 1fr max-content; gap: 4px 12px;
  align-items: center; font-size: 13px; max-width: 860px; margin: 12px 0; }
.bars .track { height: 12px; }
.bars .track.distractor i { background: #b8c0c8; }
.bars .track.driver i { background: var(--orange); }
.bars .value small { color: var(--faint); margin-left: 6px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 14px;
  margin: 16px 0 6px; }
.tile { border-left: 3px solid var(--line); padding: 2px 0 2px 12px; }
.tile b { display: block; font-size: 19px; }
.tile small { display: block; color: var(--faint); line-height: 1.35; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(460px, 1fr)); gap: 10px 40px; }
.two > * { min-width: 0; }
footer { border-top: 1px solid var(--line); margin-top: 40px; padding: 18px 0 40px; color: var(--faint);
  font-size: 12.5px; }
@media (max-width: 620px) { .cards, .two { grid-template-columns: 1fr; } main, .inner { padding: 0 16px; } }
@media print { nav { display: none; } section { break-inside: auto; } body { font-size: 12px; } }
"""
