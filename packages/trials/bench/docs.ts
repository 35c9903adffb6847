import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The parts of the document that a command writes. */
type Section = 'bench' | 'postgres' | 'profile' | 'volume';

const markersOf = (section: Section) => ({
  begin: `<!-- ${section}:begin -->`,
  end: `<!-- ${section}:end -->`,
});

const EMPTY = `# Performance

How fast Keyfob is, and what it costs, with the commands that make the figures again.
`;

/** The document about speed, and its chart. */
export const DOCUMENT_PATH = fileURLToPath(new URL('../../../docs/performance.md', import.meta.url));
export const CHART_PATH = fileURLToPath(new URL('../../../docs/performance.svg', import.meta.url));

/** Puts the benchmark's chart beside the document. */
export const writeChart = (chart: string): void => writeFileSync(CHART_PATH, chart);

/** Puts a text between markers of the document; makes the document, or the markers at its end, where missing. */
export const writeSection = (section: Section, text: string): void => {
  const before = existsSync(DOCUMENT_PATH) ? readFileSync(DOCUMENT_PATH, 'utf8') : EMPTY;
  writeFileSync(DOCUMENT_PATH, replaceBetweenMarkers(before, text, section));
};

/** The document with another text between the markers of a section, and nothing else changed. */
export const replaceBetweenMarkers = (document: string, text: string, name: Section = 'bench'): string => {
  const { begin, end } = markersOf(name);
  const section = `${begin}\n\n${text}\n\n${end}`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  return from < 0 || to < from
    ? `${document.trimEnd()}\n\n${section}\n`
    : `${document.slice(0, from)}${section}${document.slice(to + end.length)}`;
};
