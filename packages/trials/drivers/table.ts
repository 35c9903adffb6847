import type { DriverResults } from './compare.ts';
import type { Cost } from './costs.ts';
import type { Cuts, Outcome } from './cuts.ts';
import { LIMITS_MS } from './cuts.ts';
import type { Pooled } from './pooled.ts';

type Line = readonly [title: string, render: (results: DriverResults) => string];

const renderCut = ({ ended, isDone }: Outcome): string => {
  const done = isDone ? 'done' : 'not done';
  if (ended.kind !== 'failed') return `${ended.kind}; ${done}`;
  const { code, message } = ended.error;
  return `after ${ended.afterMs} ms: ${code === undefined ? '' : `${code}, `}"${message}"; ${done}`;
};

const readEnd = ({ ended }: Outcome): string =>
  ended.kind === 'failed' ? JSON.stringify(ended.error) : ended.kind;

/** Whether a statement that was not sent and one that was not answered end differently. */
const renderDistinction = (cuts: Cuts): string => {
  const isSame =
    readEnd(cuts.statementNotSent) === readEnd(cuts.statementNotAnswered) ||
    readEnd(cuts.commitNotSent) === readEnd(cuts.commitNotAnswered);
  return isSame ? 'no' : 'yes';
};

const renderSilence = ({ cuts: { silence }, limits }: DriverResults): string => {
  const { ended, continues } = silence;
  const next = `the next statement is ${continues ? '' : 'not '}answered`;
  if (ended.kind === 'failed')
    return `${limits} ends it after ${ended.afterMs} ms: "${ended.error.message}"; ${next}`;
  return `${ended.kind} after ${LIMITS_MS.watched} ms, despite ${limits}; ${next}`;
};

const renderContents = ({ cuts: { statementNotSent, refused } }: DriverResults): string => {
  const errors = [statementNotSent, refused].map(({ ended }) =>
    ended.kind === 'failed' ? ended.error : undefined,
  );
  const of = (part: 'statement' | 'parameter') => [...new Set(errors.map((one) => one?.[part]))].join(', ');
  return `statement: ${of('statement')}; parameters: ${of('parameter')}`;
};

const renderCost = ({ roundTrips, messages }: Cost): string => `${roundTrips}: ${messages.join(' ')}`;

const renderPooled = (pooled: Pooled | undefined): string => {
  if (pooled === undefined) return 'not tried: no PgBouncer';
  const { sent, failed, error } = pooled;
  return `${failed} of ${sent} failed${error === undefined ? '' : `: "${error}"`}`;
};

const LINES: readonly Line[] = [
  ['statement cut off before it was sent', ({ cuts }) => renderCut(cuts.statementNotSent)],
  ['statement cut off before its answer', ({ cuts }) => renderCut(cuts.statementNotAnswered)],
  ['COMMIT cut off before it was sent', ({ cuts }) => renderCut(cuts.commitNotSent)],
  ['COMMIT cut off before its answer', ({ cuts }) => renderCut(cuts.commitNotAnswered)],
  ['the error distinguishes "not sent" from "not answered"', ({ cuts }) => renderDistinction(cuts)],
  [`no answer at all, with every limit at ${LIMITS_MS.limit} ms`, renderSilence],
  ['what an error contains (shown in a log, or only held by the object)', renderContents],
  ['round trips of a statement without a name', ({ costs }) => renderCost(costs.unnamed.second)],
  ['round trips of a named one, the first time', ({ costs }) => renderCost(costs.named.first)],
  ['round trips of a named one, later', ({ costs }) => renderCost(costs.named.second)],
  [
    'statements are named by default',
    ({ costs }) => (costs.byDefault.first.messages.includes('Parse (named)') ? 'yes' : 'no'),
  ],
  ['pooler: without names', ({ pooled }) => renderPooled(pooled?.unnamed)],
  ['pooler: without names, in transactions', ({ pooled }) => renderPooled(pooled?.unnamedInTransactions)],
  ['pooler: named', ({ pooled }) => renderPooled(pooled?.named)],
  ['pooler: named, in transactions', ({ pooled }) => renderPooled(pooled?.namedInTransactions)],
];

/** The results of several drivers as a Markdown table. */
export const renderTable = (drivers: readonly DriverResults[]): string => {
  const rows = [
    ['', ...drivers.map(({ driver, version }) => `\`${driver}\` ${version}`)],
    ['---', ...drivers.map(() => '---')],
    ...LINES.map(([title, render]) => [title, ...drivers.map(render)]),
  ];
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
};
