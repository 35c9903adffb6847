import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the repository, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

const PATTERNS = ['*.md', 'docs/**/*.md', 'examples/*.md', 'fixtures/*/README.md', 'packages/*/README.md'];

/** A document of the repository; `path` is relative to its root. */
export type Document = { readonly path: string; readonly text: string };

/** Every document that a reader may open. */
export const readDocuments = (): readonly Document[] =>
  PATTERNS.flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
    .sort()
    .map((path) => ({ path, text: readFileSync(`${ROOT}${path}`, 'utf8') }));

/** A document by its path. */
export const readDocument = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');

/** The text without its fenced code blocks. */
export const withoutCode = (text: string): string => text.replace(/^(```+)[^\n]*\n.*?^\1[^\n]*$/gms, '');

/** The anchors of a document's headings, as GitHub builds them. */
export const anchorsOf = (text: string): readonly string[] =>
  [...withoutCode(text).matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) =>
    heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replace(/ /g, '-'),
  );

/** The rows of every table in a Markdown text, each a list of cells, without the lines between head and body. */
export const tableRows = (text: string): readonly (readonly string[])[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s|:-]+$/.test(line))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf('|'))
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
