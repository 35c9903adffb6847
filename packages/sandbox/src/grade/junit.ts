import type { GradedScenario, Scorecard } from './grade.ts';
import { isFailed, isFlawless } from './judgement.ts';

/**
 * A scorecard as a report in the form of JUnit, which every CI system reads: a test case per scenario. What fails there is what
 * makes the exit code 1.
 */
export const renderJunit = (card: Scorecard, isStrict: boolean): string => {
  const { dialect, scenarios, skipped, neverWorked } = card;
  const isBad = (scenario: GradedScenario): boolean =>
    neverWorked !== undefined || (isStrict ? !isFlawless(scenario) : isFailed(scenario));
  const suite = `keyfob-sandbox grade ${dialect}`;
  const seconds = scenarios.reduce((sum, scenario) => sum + scenario.seconds, 0);
  const counts = `tests="${scenarios.length + skipped.length}" failures="${scenarios.filter(isBad).length}" skipped="${skipped.length}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts} time="${seconds.toFixed(3)}">`,
    `  <testsuite name="${escape(suite)}" ${counts} time="${seconds.toFixed(3)}">`,
    ...scenarios.flatMap((scenario) => renderCase(card, scenario, isBad(scenario))),
    ...skipped.flatMap(({ name, because }) => [
      `    <testcase classname="${escape(suite)}" name="${escape(name)}">`,
      `      <skipped message="${escape(because)}"/>`,
      '    </testcase>',
    ]),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
};

const renderCase = (card: Scorecard, scenario: GradedScenario, isBad: boolean): readonly string[] => {
  const { name, seconds, because, advice, findings, story, lastLines } = scenario;
  const { neverWorked, dialect } = card;
  const message = neverWorked?.says ?? [because, advice, ...findings.map((one) => one.advice)].join(' ');
  const text = [
    ...story.map(
      ({ atMs, kind, text: said, times }) =>
        `${Math.floor(atMs / 1000)} s  ${kind}  ${said}${times === 1 ? '' : ` (${times} times)`}`,
    ),
    ...lastLines.map((line) => `| ${line}`),
  ];
  return [
    `    <testcase classname="${escape(`keyfob-sandbox grade ${dialect}`)}" name="${escape(name)}" time="${seconds.toFixed(3)}">`,
    ...(isBad ? [`      <failure message="${escape(message)}"/>`] : []),
    `      <system-out>${escape(text.join('\n'))}</system-out>`,
    '    </testcase>',
  ];
};

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML 1.0 has no control characters but tab and line feed. */
const escape = (text: string): string =>
  text
    .replaceAll(/(?![\t\n])[\p{Cc}\uFFFE\uFFFF]|\p{Cs}/gu, '?')
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? '')
    .replaceAll('\n', '&#10;');
