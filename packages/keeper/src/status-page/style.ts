/** The style of the page: light and dark, from 320 pixels on. */
export const STYLE = `
:root {
  --ground: #f2f4f6; --surface: #ffffff; --ink: #14191f; --soft: #55606c; --line: #d5dbe1; --edge: #77828e;
  --tint: #f6f8fa; --accent: #33506b; --good: #17663a; --good-tint: #e5f4ea; --warn: #7a4a00;
  --warn-tint: #fdf1dc; --wrong: #b3261e; --wrong-tint: #fdeceb; --bar: #5f8fb8; --bar-near: #c98a1b;
  --bar-soon: #c9402f; --glow: rgb(20 30 45 / 7%); color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1216; --surface: #171d23; --ink: #e9eef3; --soft: #a4b0bc; --line: #2c353e; --edge: #7b8894;
    --tint: #1d252d; --accent: #9cc2e4; --good: #86d9a4; --good-tint: #17301f; --warn: #f0c274;
    --warn-tint: #33270f; --wrong: #ffb4ab; --wrong-tint: #3a1d1b; --bar: #5b90bd; --bar-near: #d9a441;
    --bar-soon: #ef7d6f; --glow: rgb(0 0 0 / 35%);
  }
}
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; display: flex; flex-direction: column;
  border-top: 4px solid var(--accent); background: var(--ground); color: var(--ink); overflow-wrap: anywhere;
  font: 0.9375rem/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
}
header, main, footer { width: 100%; max-width: 72rem; margin-inline: auto; padding-inline: 1rem; }
header {
  display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 1.5rem;
  padding-block: 0.875rem 0.375rem;
}
main { flex: 1; display: flex; flex-direction: column; gap: 1.75rem; padding-block: 0.5rem 2rem; }
h1 {
  margin: 0; font-size: 0.8125rem; font-weight: 650; letter-spacing: 0.14em; text-transform: uppercase;
  color: var(--accent);
}
h2 { margin: 0 0 0.625rem; font-size: 1.0625rem; font-weight: 650; letter-spacing: -0.005em; }
h3 { margin: 0; font-size: 0.9375rem; font-weight: 650; }
p { margin: 0; }
.as-of, .soft, footer, .marks, .top { color: var(--soft); }
.as-of, footer { font-size: 0.8125rem; font-variant-numeric: tabular-nums; }
footer { padding-block: 0 1.25rem; }
code { font: 0.9em ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, monospace; }
.unseen {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.card, .number {
  background: var(--surface); border: 1px solid var(--line); border-radius: 0.75rem;
  box-shadow: 0 1px 3px var(--glow);
}
.card { padding: 1rem 1.125rem; }
ul, ol { list-style: none; margin: 0; padding: 0; }
dl, dd { margin: 0; }
.banner {
  padding: 0.75rem 1rem; border-radius: 0.75rem; border: 1px solid var(--wrong); background: var(--wrong-tint);
}

.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 0.75rem; }
.number { display: flex; flex-direction: column; padding: 0.8125rem 1rem 0.9375rem; border-top: 3px solid var(--edge); }
.number dt { font-size: 0.8125rem; font-weight: 600; color: var(--soft); }
.number dd { display: flex; flex-direction: column; flex: 1; }
.number strong {
  font-size: 1.875rem; line-height: 1.25; font-weight: 650; letter-spacing: -0.02em;
  font-variant-numeric: tabular-nums;
}
.number dd > span { font-size: 0.8125rem; line-height: 1.4; color: var(--soft); }
.number.good { border-top-color: var(--good); }
.number.good strong { color: var(--good); }
.number.warn { border-top-color: var(--warn); }
.number.warn strong { color: var(--warn); }
.number.wrong { border-top-color: var(--wrong); }
.number.wrong strong { color: var(--wrong); }
.meter { display: block; width: 100%; height: 4px; margin-top: 0.5rem; border-radius: 2px; overflow: hidden; }
.rail { fill: var(--line); }
.fill { fill: var(--accent); }
@media (max-width: 40rem) {
  .numbers { grid-template-columns: 1fr 1fr; }
  .number:first-child { grid-column: 1 / -1; }
}

.chart { position: relative; margin: 1rem 0 0; }
.chart svg { display: block; width: 100%; height: 11rem; overflow: visible; }
.top {
  position: absolute; right: 0; top: 0.25rem; padding-left: 0.375rem; background: var(--surface);
  font-size: 0.75rem; font-variant-numeric: tabular-nums;
}
.grid { stroke: var(--line); stroke-dasharray: 3 4; vector-effect: non-scaling-stroke; }
.base { stroke: var(--edge); vector-effect: non-scaling-stroke; }
.soon { fill: var(--bar-soon); }
.near { fill: var(--bar-near); }
.later { fill: var(--bar); }
.marks { display: grid; grid-template-columns: repeat(6, 1fr); margin-top: 0.375rem; font-size: 0.75rem; white-space: nowrap; }
.legend { display: flex; flex-wrap: wrap; gap: 0.125rem 1rem; margin-top: 0.5rem; font-size: 0.75rem; color: var(--soft); }
.chart .legend svg { display: inline-block; width: 0.625rem; height: 0.625rem; margin-right: 0.375rem; }
details { margin-top: 0.75rem; }
summary { cursor: pointer; color: var(--accent); font-size: 0.875rem; width: fit-content; }
table { margin-top: 0.5rem; border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.875rem; }
th, td { padding: 0.25rem 1.5rem 0.25rem 0; text-align: left; border-bottom: 1px solid var(--line); font-weight: 400; }
thead th { color: var(--soft); font-size: 0.8125rem; font-weight: 600; }
td { text-align: right; }

.head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.25rem 0.625rem; }
.head .badge { margin-left: auto; }
.badge { padding: 0.0625rem 0.5625rem; border-radius: 1rem; font-size: 0.75rem; font-weight: 650; white-space: nowrap; }
.badge.good { background: var(--good-tint); color: var(--good); }
.badge.warn { background: var(--warn-tint); color: var(--warn); }
.badge.wrong { background: var(--wrong-tint); color: var(--wrong); }

.clients { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 0.75rem; }
.clients p.soft { font-size: 0.8125rem; }
.facts { display: grid; grid-template-columns: 1fr 1fr; gap: 0.625rem 1rem; margin-top: 0.75rem; }
.facts dt { font-size: 0.75rem; color: var(--soft); }
.facts dd { font-weight: 600; font-variant-numeric: tabular-nums; }
.facts .soft { font-weight: 400; font-size: 0.8125rem; }
.trouble { margin-top: 0.625rem; padding: 0.5rem 0.75rem; border-radius: 0.5rem; background: var(--wrong-tint); font-size: 0.875rem; }
.surprise { margin-top: 0.75rem; padding-top: 0.625rem; border-top: 1px solid var(--line); font-size: 0.8125rem; color: var(--soft); }
.surprise b { color: var(--warn); }

.troubled { display: grid; gap: 0.75rem; }
.troubled p { margin-top: 0.25rem; max-width: 62rem; }
.deadline { font-size: 0.875rem; }
.deadline b { color: var(--warn); }
.quiet b { color: var(--good); }
.rest { margin-top: 0.75rem; font-size: 0.875rem; }
.reconnect { display: grid; grid-template-columns: auto 1fr auto; align-items: center; gap: 0.375rem 0.75rem; margin-top: 0.625rem; }
label { font-size: 0.8125rem; color: var(--soft); }
input {
  width: 100%; min-width: 0; padding: 0.4375rem 0.625rem; border: 1px solid var(--edge); border-radius: 0.5rem;
  background: var(--tint); color: var(--ink); text-overflow: ellipsis;
  font: 0.8125rem/1.4 ui-monospace, 'SF Mono', Menlo, Consolas, monospace;
}
button {
  min-width: 4.75rem; padding: 0.4375rem 0.875rem; border: 1px solid var(--accent); border-radius: 0.5rem;
  background: none; color: var(--accent); font: 600 0.8125rem/1.4 system-ui, sans-serif; cursor: pointer;
}
button:hover { background: var(--tint); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (max-width: 40rem) {
  .reconnect { grid-template-columns: 1fr auto; }
  .reconnect label { grid-column: 1 / -1; }
  .troubled h3 { flex-basis: 100%; }
  .troubled .head > .soft { order: -1; }
  .troubled .head .badge { order: -2; margin-left: 0; }
}
`;
