import type { Scorecard } from '@keyfob/sandbox/grade';
import type { TableSubject } from './subjects.ts';

type Row = { readonly subject: Pick<TableSubject, 'name' | 'dialect'>; readonly card: Scorecard };

const HEAD = [
  'program',
  'dialect',
  'kept',
  'lost avoidably',
  'lost unavoidably',
  'asked needlessly',
  'other faults',
  'the avoidable losses',
];

/** The table of the guide, as Markdown: a row for each program. */
export const writeTable = (rows: readonly Row[]): string => {
  const cells = rows.map(({ subject, card }) => [subject.name, subject.dialect, ...resultOf(card)]);
  return [HEAD, HEAD.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
};

const resultOf = ({ totals, scenarios, neverWorked }: Scorecard): readonly string[] => {
  if (neverWorked !== undefined) return ['', '', '', '', '', `not graded: ${neverWorked.says}`];
  const { outcomes, findings } = totals;
  const { asked_needlessly: asked, ...others } = findings;
  const lost = scenarios
    .filter(({ outcome }) => outcome === 'lost_avoidably')
    .map(({ name }) => `\`${name}\``);
  const other = Object.entries(others)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${FINDINGS[kind as keyof typeof others]} ${count}`);
  return [
    String(outcomes.kept),
    String(outcomes.lost_avoidably),
    String(outcomes.lost_unavoidably),
    String(asked),
    other.join(', '),
    lost.join(', '),
  ];
};

const FINDINGS = {
  reused_old_token: 'old token',
  hammered: 'hammered',
  unusable_token: 'unusable token',
  never_asked: 'never asked',
  hung: 'did not end',
  leaked_secret: 'token sent elsewhere',
} as const;

const [BEGIN, END] = ['<!-- table: npm run grade:table -- --write -->', '<!-- end of table -->'];

/**
 * The page with these rows: in place of those of the same program and dialect, or after all others. Throws if it has no place for
 * a table.
 */
export const replaceRows = (page: string, table: string): string => {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page has no "${BEGIN}" ... "${END}"`);
  const rows = new Map([...rowsOf(page.slice(begin, end)), ...rowsOf(table)].map((row) => [keyOf(row), row]));
  const [head = '', rule = ''] = table.split('\n');
  const whole = [head, rule, ...rows.values()].join('\n');
  return `${page.slice(0, begin + BEGIN.length)}\n\n${whole}\n\n${page.slice(end)}`;
};

const rowsOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2);

/** The program and its dialect; formatters change the spaces between cells. */
const keyOf = (row: string): string =>
  row
    .split('|')
    .slice(1, 3)
    .map((cell) => cell.trim())
    .join(' | ');
