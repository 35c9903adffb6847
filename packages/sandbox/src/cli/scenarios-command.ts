import { Command } from 'commander';
import { dialectsOf, SCENARIO_GROUPS, SCENARIOS } from '../exports/index.ts';
import type { Scenario } from '../exports/index.ts';

const HELP = `
Examples:
  $ keyfob-sandbox scenarios
  $ keyfob-sandbox scenarios --json
  $ keyfob-sandbox --scenario lost-answer-after
  $ curl -X POST http://127.0.0.1:8788/_sandbox/worlds/default/scenarios/race`;

/** `keyfob-sandbox scenarios`: lists what can go wrong with a refresh, and where it did. */
export const createScenariosCommand = (): Command =>
  new Command('scenarios')
    .description('list the scenarios: what the server does, what a right client does, where it happened')
    .option('--json', 'print JSON instead of text')
    .addHelpText('after', HELP)
    .action(({ json = false }: { readonly json?: boolean }) => {
      process.stdout.write(json ? `${JSON.stringify({ scenarios: SCENARIOS.map(show) })}\n` : renderText());
    });

/** As the control API has them. */
const show = (scenario: Scenario): object => {
  const { name, serverDoes, clientDoes, source, committed } = scenario;
  return { name, serverDoes, clientDoes, source, committed, dialects: dialectsOf(scenario) };
};

const renderText = (): string =>
  SCENARIO_GROUPS.map(({ title, scenarios }) => `${title}\n\n${scenarios.map(renderOne).join('\n')}`).join(
    '\n',
  );

const renderOne = ({ name, serverDoes, clientDoes, source, dialects }: Scenario): string =>
  [
    `  ${name}${dialects === undefined ? '' : ` (${dialects.join(', ')})`}`,
    `    server  ${serverDoes}`,
    `    client  ${clientDoes}`,
    `    source  ${source}`,
    '',
  ].join('\n');
