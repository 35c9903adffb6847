import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { describeFigure } from './volume-figure.ts';
import type { Figure } from './volume-figure.ts';

const BEGIN = '<!-- volume:begin -->';
const END = '<!-- volume:end -->';
const HEADS = ['measured', 'figure', 'target', ''] as const;

/** Puts the figures between their markers in a document, with what is needed to get them again; at its end where it has no markers. */
export const writeDocs = (path: string, figures: readonly Figure[], command: string): void => {
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '# Performance\n';
  const section = `${BEGIN}\n\n${renderSection(figures, command)}\n\n${END}`;
  const from = before.indexOf(BEGIN);
  const to = before.indexOf(END);
  const after =
    from < 0 || to < from
      ? `${before.trimEnd()}\n\n${section}\n`
      : `${before.slice(0, from)}${section}${before.slice(to + END.length)}`;
  writeFileSync(path, after);
};

const renderSection = (figures: readonly Figure[], command: string): string => {
  const rows = [HEADS, ...figures.map(describeFigure)];
  const widths = HEADS.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
  return [`\`${command}\` on ${describeMachine()}.`, '', ...lines].join('\n');
};

const git = (...args: readonly string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();

/** When, what of, and where. */
const describeMachine = (): string => {
  const changes = git('status', '--porcelain', '--', 'packages/server') === '' ? '' : ' with changes';
  const commit = `${git('rev-parse', '--short', 'HEAD')}${changes}`;
  const cores = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const machine = `${cores.length} cores of ${cores[0]?.model.trim() ?? 'a processor'}, ${memory} GiB`;
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, commit ${commit}, ${machine}, Linux ${release()}, Node ${process.version}`;
};
