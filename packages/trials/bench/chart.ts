import type { FigureName } from './ratios.ts';
import type { Measurement } from './rounds.ts';
import { spreadOf } from './statistics.ts';
import type { Spread } from './statistics.ts';
import { TARGETS } from './targets/targets.ts';

type Bar = { readonly title: string; readonly spread: Spread; readonly isOurs: boolean };

const WIDTH = 860;
const BARS_AT = 300;
const BARS_WIDTH = 460;
const BAR_HEIGHT = 22;
const ROW_HEIGHT = 32;
const HEAD_HEIGHT = 48;
const OURS: ReadonlySet<string> = new Set(['smartcar', 'pleos', 'smartcar-postgres']);

/** Follows the reader's colour scheme, even if a page embeds the chart as an image. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .head { font-weight: 600; font-size: 15px; }
  .other { fill: #a0aab4; }
  .ours { fill: #2f81f7; }
  .range { stroke: #24292f; stroke-width: 1.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .other { fill: #6e7681; }
    .range { stroke: #e6edf3; }
  }`;

/** Two bar charts of the medians at one number of connections, with a line from the minimum to the maximum round. */
export const drawCharts = (measurements: readonly Measurement[], connections: number): string => {
  const shown = measurements.filter((measurement) => measurement.connections === connections);
  const cpu = readBars(shown, 'cpuMicrosPerRequest');
  const throughput = readBars(shown, 'requestsPerSecond');
  const cpuHeight = HEAD_HEIGHT + cpu.length * ROW_HEIGHT;
  const height = cpuHeight + HEAD_HEIGHT + throughput.length * ROW_HEIGHT + 12;
  const title = `Refreshes at ${connections} connections`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${title}">
<style>${STYLE}
</style>
${drawChart(cpu, 0, `CPU µs per request, ${connections} connections (less is better)`)}
${drawChart(throughput, cpuHeight, `Requests per second on one core, ${connections} connections (more is better)`)}
</svg>
`;
};

const readBars = (measurements: readonly Measurement[], figure: FigureName): readonly Bar[] =>
  [...Map.groupBy(measurements, ({ target }) => target)].flatMap(([target, rounds]) => {
    const values = rounds.flatMap((round) => round[figure] ?? []);
    return values.length === 0
      ? []
      : [{ title: TARGETS[target].title, spread: spreadOf(values), isOurs: OURS.has(target) }];
  });

const drawChart = (bars: readonly Bar[], top: number, head: string): string => {
  const largest = Math.max(...bars.map(({ spread }) => spread.max));
  const scale = (value: number): number => Math.round((value / largest) * BARS_WIDTH);
  const rows = bars.map(({ title, spread, isOurs }, index) => {
    const y = top + HEAD_HEIGHT + index * ROW_HEIGHT;
    const middle = y + BAR_HEIGHT / 2;
    const [left, right] = [BARS_AT + scale(spread.min), BARS_AT + scale(spread.max)];
    const value = Math.round(spread.median).toLocaleString('en');
    return [
      `<text x="${BARS_AT - 10}" y="${middle + 5}" text-anchor="end">${title}</text>`,
      `<rect class="${isOurs ? 'ours' : 'other'}" x="${BARS_AT}" y="${y}" width="${scale(spread.median)}" height="${BAR_HEIGHT}" rx="3"/>`,
      `<line class="range" x1="${left}" x2="${right}" y1="${middle}" y2="${middle}"/>`,
      `<text x="${right + 10}" y="${middle + 5}">${value}</text>`,
    ].join('\n');
  });
  return [`<text class="head" x="12" y="${top + 28}">${head}</text>`, ...rows].join('\n');
};
