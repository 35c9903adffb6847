import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The sections of the document that `npm run bench` writes: against the bare server, against others, on PostgreSQL, with traces. */
export const BENCH_SECTIONS = ['bench', 'peers', 'postgres', 'tracing'] as const;
export type BenchSection = (typeof BENCH_SECTIONS)[number];

/** The sections of the document that a command writes. */
type Section = BenchSection | 'tail' | 'profile' | 'volume' | 'keeper' | 'console';

const markersOf = (section: Section) => ({
  begin: `<!-- ${section}:begin -->`,
  end: `<!-- ${section}:end -->`,
});

const EMPTY = `# Performance

How fast Keyfob is, what it costs, and the commands that reproduce the figures.
`;

/** The performance document and its chart. */
export const DOCUMENT_PATH = fileURLToPath(new URL('../../../docs/performance.md', import.meta.url));
export const CHART_PATH = fileURLToPath(new URL('../../../docs/performance.svg', import.meta.url));

/** Writes the chart of the benchmark. */
export const writeChart = (chart: string): void => writeFileSync(CHART_PATH, chart);

/** Replaces a section of the document. Creates the document, or the section at its end, if it is missing. */
export const writeSection = (section: Section, text: string): void => {
  const before = existsSync(DOCUMENT_PATH) ? readFileSync(DOCUMENT_PATH, 'utf8') : EMPTY;
  writeFileSync(DOCUMENT_PATH, replaceBetweenMarkers(before, text, section));
};

/** Returns the document with a new text between the markers of a section. The rest stays unchanged. */
export const replaceBetweenMarkers = (document: string, text: string, name: Section = 'bench'): string => {
  const { begin, end } = markersOf(name);
  const section = `${begin}\n\n${text}\n\n${end}`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  return from < 0 || to < from
    ? `${document.trimEnd()}\n\n${section}\n`
    : `${document.slice(0, from)}${section}${document.slice(to + end.length)}`;
};
