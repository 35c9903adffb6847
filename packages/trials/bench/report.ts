import type { Measured, Measurement } from './rounds.ts';
import { BARE_FIGURES, bareOf } from './ratios.ts';
import type { FigureName, Ratio } from './ratios.ts';
import { spreadOf } from './statistics.ts';
import type { Spread } from './statistics.ts';
import { TARGETS } from './targets/targets.ts';

/** A column of the table: its figure, its head and its format. */
type Column = {
  readonly figure: FigureName;
  readonly head: string;
  write(value: number): string;
  /** Whether the cell also shows the minimum and the maximum. */
  readonly hasSpread?: boolean;
};

const MEBIBYTE = 1024 * 1024;
const whole = (value: number): string => String(Math.round(value));
const milliseconds = (value: number): string => value.toFixed(value < 10 ? 2 : 1);
const mebibytes = (value: number): string => whole(value / MEBIBYTE);

const COLUMNS: readonly Column[] = [
  { figure: 'requestsPerSecond', head: 'requests/s', write: whole, hasSpread: true },
  { figure: 'cpuMicrosPerRequest', head: 'CPU µs/request', write: whole, hasSpread: true },
  { figure: 'p50Ms', head: 'p50 ms', write: milliseconds },
  { figure: 'p99Ms', head: 'p99 ms', write: milliseconds, hasSpread: true },
  { figure: 'p999Ms', head: 'p99.9 ms', write: milliseconds },
  { figure: 'longestMs', head: 'longest ms', write: milliseconds },
  { figure: 'commitsPerSecond', head: 'commits/s', write: whole },
  { figure: 'writtenBytesPerRequest', head: 'bytes written/request', write: whole },
  { figure: 'residentBytes', head: 'RSS MiB', write: mebibytes },
  { figure: 'residentMaxBytes', head: 'peak MiB', write: mebibytes },
  { figure: 'generatorCpuShare', head: 'generator CPU', write: (share) => `${whole(share * 100)} %` },
];

/** The report as Markdown that is also readable as plain text: notes, one table per number of connections, comparisons. */
export const writeReport = (
  { measurements, durability }: Pick<Measured, 'measurements' | 'durability'>,
  ratios: readonly Ratio[],
  notes: readonly string[],
): string => {
  const toBare = ratios.filter(({ of, to, figure }) => to === bareOf(of) && isBareFigure(figure));
  const others = ratios.filter((ratio) => !toBare.includes(ratio));
  const tables = [...Map.groupBy(measurements, ({ connections }) => connections)].map(
    ([connections, group]) => {
      const title = `${connections} ${connections === 1 ? 'connection' : 'connections'}`;
      const ofConnections = toBare.filter((ratio) => ratio.connections === connections);
      return `**${title}**\n\n${writeTable(group, ofConnections, durability)}`;
    },
  );
  return [...notes, ...tables, ...(others.length > 0 ? [writeRatios(others)] : [])].join('\n\n');
};

const isBareFigure = (figure: FigureName): boolean => BARE_FIGURES.some((name) => name === figure);

const BARE_HEADS = ['CPU, times bare', 'p99, times bare'];

const writeTable = (
  measurements: readonly Measurement[],
  toBare: readonly Ratio[],
  durability: Measured['durability'],
): string => {
  const rows = [...Map.groupBy(measurements, ({ target }) => target)].map(([target, rounds]) => {
    const times = BARE_FIGURES.map((figure) => {
      const ratio = toBare.find(({ of, figure: compared }) => of === target && compared === figure);
      return ratio === undefined ? '-' : writeSpread(ratio.spread, (value) => value.toFixed(2));
    });
    const [first, second, ...rest] = COLUMNS.map((column) => writeCell(column, rounds));
    return [TARGETS[target].title, durability[target] ?? '-', first ?? '', second ?? '', ...times, ...rest];
  });
  const [first, second, ...rest] = COLUMNS.map(({ head }) => head);
  return alignTable([['server', 'on disk', first ?? '', second ?? '', ...BARE_HEADS, ...rest], ...rows]);
};

const writeCell = ({ figure, write, hasSpread }: Column, rounds: readonly Measurement[]): string => {
  const values = rounds.flatMap((round) => round[figure] ?? []);
  if (values.length === 0) return '-';
  const spread = spreadOf(values);
  return hasSpread === true ? writeSpread(spread, write) : write(spread.median);
};

const writeSpread = ({ median, min, max }: Spread, write: (value: number) => string): string =>
  `${write(median)} (${write(min)}-${write(max)})`;

const RATIO_NAMES: Readonly<Partial<Record<FigureName, string>>> = {
  cpuMicrosPerRequest: 'CPU per request',
  p99Ms: 'p99 latency',
  requestsPerSecond: 'requests/s',
};

/** The median of the ratios of all rounds, with the minimum and the maximum. */
const writeRatios = (ratios: readonly Ratio[]): string =>
  alignTable([
    ['ratio', 'of', 'to', 'connections', 'median'],
    ...ratios.map(({ figure, of, to, connections, spread }) => [
      RATIO_NAMES[figure] ?? figure,
      TARGETS[of].title,
      TARGETS[to].title,
      String(connections),
      writeSpread(spread, (value) => value.toFixed(2)),
    ]),
  ]);

/** A Markdown table that is also readable as plain text. The first columns are aligned left, the others right. */
export const alignTable = (rows: readonly (readonly string[])[], leftColumns = 1): string => {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map(
    (row) =>
      `| ${row.map((cell, at) => (at < leftColumns ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width, at) => (at < leftColumns ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [lines[0] ?? '', rule, ...lines.slice(1)].join('\n');
};
