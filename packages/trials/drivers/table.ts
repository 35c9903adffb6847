import type { Tried } from './compare.ts';
import type { Cost } from './costs.ts';
import type { Cuts, Outcome } from './cuts.ts';
import { LIMITS_MS } from './cuts.ts';
import type { Pooled } from './pooled.ts';

type Line = readonly [title: string, tell: (tried: Tried) => string];

const tellCut = ({ ended, isDone }: Outcome): string => {
  const done = isDone ? 'done' : 'not done';
  if (ended.kind !== 'failed') return `${ended.kind}; ${done}`;
  const { code, message } = ended.error;
  return `after ${ended.afterMs} ms: ${code === undefined ? '' : `${code}, `}"${message}"; ${done}`;
};

const readEnd = ({ ended }: Outcome): string =>
  ended.kind === 'failed' ? JSON.stringify(ended.error) : ended.kind;

/** Whether an error never means two things. */
const tellApart = (cuts: Cuts): string => {
  const isSame =
    readEnd(cuts.statementNotSent) === readEnd(cuts.statementNotAnswered) ||
    readEnd(cuts.commitNotSent) === readEnd(cuts.commitNotAnswered);
  return isSame ? 'no' : 'yes';
};

const tellSilence = ({ cuts: { silence }, limits }: Tried): string => {
  const { ended, goesOn } = silence;
  const next = `the next statement is ${goesOn ? '' : 'not '}answered`;
  if (ended.kind === 'failed')
    return `${limits} ends it after ${ended.afterMs} ms: "${ended.error.message}"; ${next}`;
  return `${ended.kind} after ${LIMITS_MS.watched} ms, whatever ${limits} say; ${next}`;
};

const tellHeld = ({ cuts: { statementNotSent, refused } }: Tried): string => {
  const errors = [statementNotSent, refused].map(({ ended }) =>
    ended.kind === 'failed' ? ended.error : undefined,
  );
  const of = (part: 'statement' | 'parameter') => [...new Set(errors.map((one) => one?.[part]))].join(', ');
  return `statement: ${of('statement')}; parameters: ${of('parameter')}`;
};

const tellCost = ({ roundTrips, messages }: Cost): string => `${roundTrips}: ${messages.join(' ')}`;

const tellPooled = (pooled: Pooled | undefined): string => {
  if (pooled === undefined) return 'not tried: no PgBouncer';
  const { asked, failed, error } = pooled;
  return `${failed} of ${asked} failed${error === undefined ? '' : `: "${error}"`}`;
};

const LINES: readonly Line[] = [
  ['statement cut off before it was sent', ({ cuts }) => tellCut(cuts.statementNotSent)],
  ['statement cut off before its answer', ({ cuts }) => tellCut(cuts.statementNotAnswered)],
  ['COMMIT cut off before it was sent', ({ cuts }) => tellCut(cuts.commitNotSent)],
  ['COMMIT cut off before its answer', ({ cuts }) => tellCut(cuts.commitNotAnswered)],
  ['the error tells "not sent" from "not answered"', ({ cuts }) => tellApart(cuts)],
  [`no answer at all, with every limit at ${LIMITS_MS.limit} ms`, tellSilence],
  ['what an error holds (shown in a log, or only held)', tellHeld],
  ['round trips of a statement without a name', ({ costs }) => tellCost(costs.unnamed.second)],
  ['round trips of a named one, the first time', ({ costs }) => tellCost(costs.named.first)],
  ['round trips of a named one, from then on', ({ costs }) => tellCost(costs.named.second)],
  [
    'statements are named as it comes',
    ({ costs }) => (costs.byDefault.first.messages.includes('Parse (named)') ? 'yes' : 'no'),
  ],
  ['pooler: without names', ({ pooled }) => tellPooled(pooled?.unnamed)],
  ['pooler: without names, in transactions', ({ pooled }) => tellPooled(pooled?.unnamedInTransactions)],
  ['pooler: named', ({ pooled }) => tellPooled(pooled?.named)],
  ['pooler: named, in transactions', ({ pooled }) => tellPooled(pooled?.namedInTransactions)],
];

/** What was tried on drivers, side by side, as a table in Markdown. */
export const renderTable = (drivers: readonly Tried[]): string => {
  const rows = [
    ['', ...drivers.map(({ driver, version }) => `\`${driver}\` ${version}`)],
    ['---', ...drivers.map(() => '---')],
    ...LINES.map(([title, tell]) => [title, ...drivers.map(tell)]),
  ];
  return rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
};
