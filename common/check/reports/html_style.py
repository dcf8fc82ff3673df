"""The style sheet of a comparison's page, in addition to that of all pages."""

STYLE = """
:root{--good:#1a7f37;--wrong:#c62828;--soft:#b4540a;--doubt:#7a5c00;--card:#f6f7f9;--dim:#5b6470;
--g3:#d3efdb;--g2:#e0f3e5;--g1:#eef8f0;--r1:#fff0c2;--r2:#ffd79a;--r3:#ffae87;--r4:#f28482;
--r5:#c9303a;--p0:#0b6fb8;--p1:#c2410c;--p2:#15803d;--p3:#7e3fb0;--p4:#8a6100;--p5:#b0196f}
@media(prefers-color-scheme:dark){:root{--good:#5fd07f;--wrong:#ff7b72;--soft:#f0a35e;
--doubt:#e3c04c;--card:#1c2128;--dim:#9aa4b1;--g3:#1d4d2c;--g2:#193f25;--g1:#15301e;--r1:#4d3f10;
--r2:#6b4a12;--r3:#853b1c;--r4:#a12f2f;--r5:#e0474c;--p0:#63b3f0;--p1:#ff9a62;--p2:#5fd07f;
--p3:#c99bf2;--p4:#e3c04c;--p5:#f47fbd}body{background:#0f1318;color:#e4e8ee}
figure{background:none;color:inherit}}
body{max-width:64rem;margin:1.5rem auto 4rem;overflow-wrap:anywhere}
h1{font-size:clamp(1.25rem,2.4vw + .6rem,1.9rem);line-height:1.3;margin:.2rem 0 .8rem;
padding-left:.9rem;border-left:.35rem solid var(--good);font-weight:650;text-wrap:pretty}
h1.wrong{border-color:var(--wrong)} h2{margin:2.4rem 0 .6rem;font-size:1.2rem}
h3{font-size:1rem;margin:1.4rem 0 .4rem}
.dim,.eyebrow,.facts,summary .count,dt{color:var(--dim)} .eyebrow{margin:0;letter-spacing:.06em}
.facts{display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;padding:0;margin:0;list-style:none}
.facts b{color:CanvasText;font-weight:600}
article{background:var(--card);border-radius:.6rem;padding:.8rem 1.1rem 1rem;margin:.8rem 0;
border-left:.25rem solid var(--wrong)}
article h3{margin:0 0 .3rem;font-size:1.02rem} article p{margin:.3rem 0}
.path{color:var(--dim);font-weight:400} .path b{color:CanvasText;font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.1rem;margin:.6rem 0 0}
dd{margin:0} .remedy{font-weight:600} .number{font-variant-numeric:tabular-nums}
@media(max-width:34rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
details>summary{cursor:pointer;padding:.3rem .2rem;border-radius:.3rem}
details>summary:hover{background:var(--card)}
summary b{font-weight:600} summary .count{margin-left:.5rem}
.wrong>summary .count{color:var(--wrong)} .doubt>summary .count{color:var(--doubt)}
.line{border-left:2px solid var(--line);margin-left:.55rem;padding-left:.9rem}
.arrays{list-style:none;margin:.1rem 0 .5rem;padding:0}
.arrays li{display:flex;flex-wrap:wrap;gap:.1rem .9rem;padding:.18rem .5rem;position:relative}
.arrays li::before{content:"";position:absolute;left:calc(-.9rem - 5.5px);top:.62rem;width:9px;
height:9px;border-radius:50%;background:var(--good)}
.arrays li.follows::before{background:var(--soft)} .arrays li.once::before{background:var(--doubt)}
.arrays li.origin::before{background:var(--wrong);width:15px;height:15px;top:.45rem;
left:calc(-.9rem - 8.5px)}
.arrays li.more::before{background:var(--line)} .arrays li.more{color:var(--dim)}
.arrays li.origin{background:var(--card);border-radius:.4rem}
.arrays .origin,.arrays li.origin .name{font-weight:600}
.arrays .name{min-width:12rem} .arrays .ok{background:none;color:var(--good)}
.arrays .origin,.arrays li.origin .name{color:var(--wrong)} .arrays .follows{color:var(--soft)}
.arrays .once{color:var(--doubt)} .arrays span{font-variant-numeric:tabular-nums}
.heat{max-height:36rem;overflow:auto;border:1px solid var(--line);border-radius:.4rem;
width:fit-content;max-width:100%;overscroll-behavior-inline:contain}
.heat table{margin:0;border-collapse:separate;border-spacing:1px;font-size:.85rem}
.heat th,.heat td{border:0;padding:.14rem .45rem;white-space:nowrap;background:Canvas;
font-weight:400} .heat td{text-align:center;min-width:1.9rem;color:CanvasText}
.heat thead th{position:sticky;z-index:2;text-align:center;font-weight:600}
.heat thead tr:first-child th{top:0} .heat thead tr+tr th{top:1.75rem;font-weight:400}
.heat th:first-child{position:sticky;left:0;z-index:1;text-align:left;max-width:min(45vw,20rem);
overflow:hidden;text-overflow:ellipsis} .heat thead th:first-child{z-index:3}
.heat .phase th{font-weight:600;color:var(--dim);padding-top:.5rem}
.heat .begin{border-left:3px solid var(--line)}
.heat .first{box-shadow:inset 0 0 0 2.5px CanvasText;font-weight:700}
.heat .g3,.key .g3{background:var(--g3)} .heat .g2,.key .g2{background:var(--g2)}
.heat .g1,.key .g1{background:var(--g1)} .heat .r1,.key .r1{background:var(--r1)}
.heat .r2,.key .r2{background:var(--r2)} .heat .r3,.key .r3{background:var(--r3)}
.heat .r4,.key .r4{background:var(--r4)}
.heat .r5,.key .r5{background:var(--r5);color:#fff} .heat .none{color:var(--dim)}
.key{display:flex;flex-wrap:wrap;gap:.3rem .35rem;font-size:.85rem;margin:.4rem 0;padding:0;
list-style:none} .key li{padding:.05rem .5rem;border-radius:.25rem}
@media(prefers-color-scheme:dark){.heat th,.heat td{background:#0f1318}
.heat .r5,.key .r5{color:#000;font-weight:700}}
.chart{max-width:44rem} .chart svg{display:block;width:100%;height:auto;font:12px system-ui}
.chart text{fill:currentColor} .chart .grid{stroke:var(--line)} .chart .axis{stroke:var(--dim)}
.chart .limit{stroke:var(--wrong);stroke-dasharray:6 4;stroke-width:1.6}
.chart .limit-name{fill:var(--wrong)} .legend{display:flex;flex-wrap:wrap;gap:.1rem 1.2rem;
list-style:none;padding:0;margin:.3rem 0} .legend svg{width:2.4rem;height:.9rem;
vertical-align:-.1rem;margin-right:.35rem;display:inline-block}
.p0{color:var(--p0)} .p1{color:var(--p1)} .p2{color:var(--p2)} .p3{color:var(--p3)}
.p4{color:var(--p4)} .p5{color:var(--p5)} .legend span{color:CanvasText}
.chart path.run{stroke:currentColor;fill:none;stroke-width:2} .chart .dot{fill:currentColor}
.plain td,.plain th{white-space:nowrap} .keep{white-space:nowrap} code{font-size:.92em}
"""
