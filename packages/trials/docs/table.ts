/** A Markdown table with columns of even width, as Prettier writes it. */
export const renderTable = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => (row[column] ?? '').length)));
  const write = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |\n`;
  const [first = [], ...rest] = cells;
  return [write(first), write(widths.map((width) => '-'.repeat(width))), ...rest.map(write)].join('');
};
