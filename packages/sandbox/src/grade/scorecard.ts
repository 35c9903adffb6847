import { styleText } from 'node:util';
import type { GradedScenario, Scorecard } from './grade.ts';
import { isFailed, isFlawless } from './judgement.ts';
import type { FindingKind, Outcome } from './judgement.ts';
import type { StoryLine } from './run-plan.ts';

const WIDTH = 80;
const NAME_WIDTH = 24;
const INDENT = '  ';

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  kept: 'kept',
  lost_avoidably: 'LOST, avoidably',
  lost_unavoidably: 'lost, unavoidably',
};

const FINDINGS: Readonly<Record<FindingKind, string>> = {
  asked_needlessly: 'asked for consent needlessly',
  reused_old_token: 'reused an old token',
  hammered: 'hammered the server',
  unusable_token: 'printed an unusable token',
  never_asked: 'never asked for consent',
  hung: 'did not end',
  leaked_secret: 'sent a token elsewhere',
};

type Paint = (format: 'green' | 'red' | 'yellow' | 'bold' | 'dim', text: string) => string;

/** A scorecard for people, 80 columns wide. `hasColour`: only for a terminal. */
export const renderScorecard = (card: Scorecard, hasColour: boolean): string => {
  const paint: Paint = (format, text) =>
    hasColour ? styleText(format, text, { validateStream: false }) : text;
  if (card.neverWorked !== undefined) return renderNeverWorked(card, card.neverWorked, paint);
  const bad = card.scenarios.filter((scenario) => !isFlawless(scenario));
  return [
    heading(card, paint),
    '',
    ...card.scenarios.flatMap((scenario) => renderRow(scenario, paint)),
    ...card.skipped.flatMap(({ name, because }) => renderSkipped(name, because)),
    '',
    ...(bad.length === 0 ? [] : renderAdvice(bad, paint)),
    ...bad.flatMap((scenario) => renderDetails(scenario, paint)),
    ...renderTotals(card, paint),
  ].join('\n');
};

const heading = ({ command, dialect, isRealTime }: Scorecard, paint: Paint): string => {
  const shown = command.join(' ');
  const how = isRealTime ? `${dialect}, in real time` : dialect;
  const room = WIDTH - how.length - 10;
  return `${paint('bold', 'grade')}  ${shown.length > room ? `${shown.slice(0, room - 1)}…` : shown}  (${how})`;
};

const renderNeverWorked = (
  card: Scorecard,
  { says, remedy }: NonNullable<Scorecard['neverWorked']>,
  paint: Paint,
): string => {
  const [plain] = card.scenarios;
  return [
    heading(card, paint),
    '',
    ...wrap(paint('red', 'It could not be graded, though there was no fault.'), ''),
    ...wrap(says, ''),
    ...wrap(remedy, ''),
    '',
    ...(plain === undefined ? [] : [...renderStory(plain.story), ...renderLastLines(plain)]),
  ].join('\n');
};

const colourOf = (scenario: GradedScenario): 'green' | 'red' | 'yellow' => {
  if (isFailed(scenario)) return 'red';
  return isFlawless(scenario) ? 'green' : 'yellow';
};

const renderRow = (scenario: GradedScenario, paint: Paint): readonly string[] => {
  const { name, outcome, because } = scenario;
  const margin = ' '.repeat(NAME_WIDTH + 4);
  const faults = kindsOf(scenario).map((kind) => FINDINGS[kind]);
  const [first = '', ...others] = wrap([OUTCOMES[outcome], ...faults].join('; '), margin);
  const label = `${INDENT}${name.padEnd(NAME_WIDTH)}  `;
  const why = outcome === 'lost_unavoidably' ? wrap(because, margin) : [];
  const colour = colourOf(scenario);
  return [
    `${label}${paint(colour, first.trimStart())}`,
    ...others.map((line) => paint(colour, line)),
    ...why.map((line) => paint('dim', line)),
  ];
};

const renderSkipped = (name: string, because: string): readonly string[] => {
  const [first = '', ...others] = wrap(`skipped: ${because}`, ' '.repeat(NAME_WIDTH + 4));
  return [`${INDENT}${name.padEnd(NAME_WIDTH)}  ${first.trimStart()}`, ...others];
};

const kindsOf = ({ findings }: GradedScenario): readonly FindingKind[] => [
  ...new Set(findings.map(({ kind }) => kind)),
];

/** Each advice once, with the scenarios that it is for; avoidable losses first. */
const renderAdvice = (bad: readonly GradedScenario[], paint: Paint): readonly string[] => {
  const byAdvice = new Map<string, Set<string>>();
  const add = (advice: string | undefined, name: string): void => {
    if (advice === undefined) return;
    byAdvice.set(advice, (byAdvice.get(advice) ?? new Set()).add(name));
  };
  for (const { advice, name } of bad) add(advice, name);
  for (const { findings, name } of bad) for (const finding of findings) add(finding.advice, name);
  return [
    paint('bold', 'What to change'),
    '',
    ...[...byAdvice].flatMap(([advice, names]) => [
      ...wrap(advice, INDENT),
      ...wrap(`(${[...names].join(', ')})`, INDENT).map((line) => paint('dim', line)),
      '',
    ]),
  ];
};

const renderDetails = (scenario: GradedScenario, paint: Paint): readonly string[] => {
  const { name, title, outcome, because } = scenario;
  const sentence = outcome === 'kept' ? '' : `${OUTCOMES[outcome]}: ${because}.`;
  return [
    paint('bold', name),
    ...wrap(`${title}.`, INDENT),
    ...(sentence === '' ? [] : wrap(sentence, INDENT)),
    ...renderStory(scenario.story),
    ...renderLastLines(scenario),
    '',
  ];
};

const renderStory = (story: readonly StoryLine[]): readonly string[] =>
  story.flatMap(({ atMs, kind, text, times }) => {
    const label = `${INDENT}${showSpan(atMs).padStart(11)}  ${kind.padEnd(7)}  `;
    const shown = times === 1 ? text : `${text} (${times} times)`;
    const [first = '', ...others] = wrap(shown, '', WIDTH - label.length);
    return [`${label}${first}`, ...others.map((line) => `${' '.repeat(label.length)}${line}`)];
  });

const renderLastLines = ({ lastLines }: Pick<GradedScenario, 'lastLines'>): readonly string[] =>
  lastLines.length === 0
    ? []
    : [`${INDENT}its last lines:`, ...lastLines.flatMap((line) => wrap(line, `${INDENT}  | `))];

const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');

/** A span as `59d 01:02:03`. */
const showSpan = (ms: number): string => {
  const seconds = Math.floor(ms / 1000);
  const time = `${two((seconds / 3600) % 24)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
  const days = Math.floor(seconds / 86_400);
  return days === 0 ? time : `${days}d ${time}`;
};

const renderTotals = (card: Scorecard, paint: Paint): readonly string[] => {
  const { totals } = card;
  const { outcomes, findings, scenarios, failed, flawless } = totals;
  const found = Object.entries(findings).filter(([, count]) => count > 0);
  const list = found.map(([kind, count]) => `${FINDINGS[kind as FindingKind]} ${count}`);
  const verdict =
    failed === 0
      ? paint('green', flawless === scenarios ? 'Full score.' : 'No grant was lost avoidably.')
      : paint('red', `${failed} of ${scenarios} scenarios failed.`);
  const counts = `${outcomes.kept} kept, ${outcomes.lost_avoidably} lost avoidably, ${outcomes.lost_unavoidably} lost unavoidably`;
  const needless = card.scenarios.reduce((sum, { needlessRefreshes }) => sum + needlessRefreshes, 0);
  const note = `It refreshed ${needless} times though it had a token that was good for longer. That is no fault, but each refresh is one more answer that can be lost.`;
  return [
    ...(needless === 0 ? [] : [...wrap(note, ''), '']),
    ...wrap(`${counts}${list.length === 0 ? '' : `; ${list.join(', ')}`}`, ''),
    verdict,
  ];
};

/** Lines of at most 80 columns, each with the indent. A word that is longer has a line of its own. */
const wrap = (text: string, indent: string, width = WIDTH): readonly string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
};
