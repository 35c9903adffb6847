import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';
const EMPTY = `# Performance

How fast Keyfob is, and what it costs, with the commands that make the figures again.

${BEGIN}
${END}
`;

/** The document that tells of speed, and its chart. */
export const DOCUMENT_PATH = fileURLToPath(new URL('../../../docs/performance.md', import.meta.url));
export const CHART_PATH = fileURLToPath(new URL('../../../docs/performance.svg', import.meta.url));

/** Puts a text between the markers of the document; makes the document, or the markers at its end, where missing. */
export const writeDocs = (text: string, chart: string): void => {
  const before = existsSync(DOCUMENT_PATH) ? readFileSync(DOCUMENT_PATH, 'utf8') : EMPTY;
  writeFileSync(DOCUMENT_PATH, replaceBetweenMarkers(before, text));
  writeFileSync(CHART_PATH, chart);
};

/** The document with another text between its markers, and nothing else changed. */
export const replaceBetweenMarkers = (document: string, text: string): string => {
  const section = `${BEGIN}\n\n${text}\n\n${END}`;
  const from = document.indexOf(BEGIN);
  const to = document.indexOf(END);
  return from < 0 || to < from
    ? `${document.trimEnd()}\n\n${section}\n`
    : `${document.slice(0, from)}${section}${document.slice(to + END.length)}`;
};
