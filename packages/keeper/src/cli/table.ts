import type { TerminalStream } from './terminal.ts';
import { widthOf } from './terminal.ts';

/** Rows in columns: a table whose first row is the header, or pairs of name and value. */
export const alignColumns = (rows: readonly (readonly string[])[]): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** Cuts a text to a width, in its middle: both ends of an id say most. */
export const shorten = (text: string, most: number): string => {
  if (text.length <= most) return text;
  const head = Math.ceil((most - 1) / 2);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - 1 - head))}`;
};

/**
 * A table whose column of names is cut where a person would see broken lines. A program that reads the table gets whole
 * names.
 */
export const fitTable = (
  rows: readonly (readonly string[])[],
  column: number,
  output: TerminalStream,
): string => {
  if (output.isTTY !== true) return alignColumns(rows);
  const others = rows.map((row) => row.map((cell, index) => (index === column ? '' : cell)));
  const rest = Math.max(
    ...alignColumns(others)
      .split('\n')
      .map(({ length }) => length),
  );
  const most = Math.max(16, widthOf(output) - rest - 2);
  return alignColumns(
    rows.map((row) => row.map((cell, index) => (index === column ? shorten(cell, most) : cell))),
  );
};

const WORDS_GAP = ' ';

/** Breaks a sentence into lines of a width, each line after the first with an indent. */
export const wrapText = (text: string, width: number, indent = ''): string => {
  const lines: string[] = [];
  for (const word of text.split(WORDS_GAP)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(lines.length === 0 ? word : `${indent}${word}`);
  }
  return lines.join('\n');
};
