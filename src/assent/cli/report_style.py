"""The one style sheet of evidence packs: for screens, dark ones too, and for paper."""

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5b6470;--line:#d5dae0;--back:#fff;
--band:#f4f6f8;--bar:#3f6fb5;--good:#14713d;--bad:#b3261e;--open:#8a5a00}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#a3adb8;--line:#3a424c;
--back:#15191e;--band:#1e242b;--bar:#7fa6dd;--good:#6cc48f;--bad:#ff8a80;--open:#e0b050}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:110rem;padding:2rem;background:var(--back);color:var(--ink);
font:15px/1.45 system-ui,-apple-system,"Segoe UI",sans-serif}
h1{font-size:1.9rem;margin:0 0 .2rem}h2{font-size:1.25rem;margin:2.2rem 0 .4rem}
h3{font-size:1rem;margin:1.2rem 0 .3rem}p{margin:.3rem 0;max-width:75ch}
.soft{color:var(--soft)}.mono,td.id,th.id{font-family:ui-monospace,Consolas,monospace}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.2rem;margin:.6rem 0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.verdict{border-left:.35rem solid var(--open);background:var(--band);padding:.6rem 1rem;
margin:1rem 0}.verdict b{font-size:1.1rem}
.verdict.good{border-color:var(--good)}.verdict.bad{border-color:var(--bad)}
.good>b,.ok{color:var(--good)}.bad>b,.failed,.untrusted{color:var(--bad)}
.open>b,.incomplete,.stale,.left-out{color:var(--open)}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:.6rem;
margin:1rem 0}
.figures div{border:1px solid var(--line);padding:.5rem .7rem;border-radius:.3rem}
.figures b{display:block;font-size:1.6rem;font-variant-numeric:tabular-nums;line-height:1.2}
.bars{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(24rem,100%),1fr));gap:0 2rem}
svg text{fill:var(--ink);font:13px system-ui,sans-serif}svg rect{fill:var(--bar)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.85rem;margin:.5rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .5rem;border-bottom:1px solid var(--line);
overflow-wrap:break-word;min-width:3.5rem}
th{background:var(--band);font-weight:600;overflow-wrap:normal;position:sticky;top:0}
td.number,th.number{text-align:right;min-width:3.5rem;font-variant-numeric:tabular-nums}
td.time,th.time{min-width:5.6rem}td.id,th.id{min-width:6.4rem;font-size:.72rem}
td.id{word-break:break-all}th.id{font-family:inherit;font-size:inherit}
td.long{min-width:9rem;max-width:26rem}tbody tr:nth-child(even) td{background:var(--band)}
td.short,th.short{min-width:3rem}
@media(max-width:40rem){body{padding:1rem}}
@media print{@page{size:A4 landscape;margin:11mm}
html{font-size:10.5px}
:root{--ink:#000;--soft:#444;--line:#bbb;--back:#fff;--band:#f2f2f2;--bar:#3f6fb5;
--good:#0b5c2e;--bad:#9b1c15;--open:#6d4700}
body{padding:0;max-width:none;font-size:8pt;line-height:1.3;print-color-adjust:exact}
.wide{overflow:visible}thead{display:table-header-group}tr,.figures div,svg{break-inside:avoid}
table{font-size:6.8pt;table-layout:auto}td,th,td.long,td.id,th.id,td.time,th.time{min-width:0;
padding:.2rem .3rem}th{position:static}td.id{font-size:6.2pt;min-width:15mm}td.time{min-width:15mm}
h2{margin:.8rem 0 .2rem}.verdict{padding:.3rem .8rem;margin:.4rem 0}p{margin:.15rem 0}
h2,h3{break-after:avoid}p{max-width:none}.figures div{padding:.2rem .5rem}
svg{max-height:90px}
.first{display:flex;flex-direction:column}.first .bars{order:1}.figures{margin:.5rem 0}
svg text{font-size:11px}.first table td,.first table th{padding:.1rem .3rem}
section.page{break-before:page}}
"""
