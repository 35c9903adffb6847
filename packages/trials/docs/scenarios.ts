import { dialectsOf, SCENARIO_GROUPS, SCENARIOS } from '@keyfob/sandbox';
import type { Scenario } from '@keyfob/sandbox';

const INTRODUCTION = `# Scenarios of the sandbox

<!-- Written by \`npm run docs\`. -->

Each of the ${SCENARIOS.length} scenarios is one way in which a refresh goes wrong. The source says where it has happened.

\`\`\`sh
npx keyfob-sandbox scenarios
npx keyfob-sandbox --scenario lost-answer-after
npx keyfob-sandbox --scenario lost-answer-after --dialect pleos
\`\`\`

While a sandbox runs, a scenario is started in one of its worlds. It makes a grant, arms its faults and does what it begins with; the answer has the tokens, the client, and sentences about what was done and
what follows. \`{"dialect":"pleos"}\` or \`{"client":"pleos-overlap"}\` chooses another client, and \`{"grant":"g1"}\` a grant that there is.

\`\`\`sh
curl -X POST http://127.0.0.1:8788/_sandbox/worlds/default/scenarios/restored-server
curl http://127.0.0.1:8788/_sandbox/worlds/default/scenarios
curl http://127.0.0.1:8788/_sandbox/worlds/default/requests
curl -X DELETE http://127.0.0.1:8788/_sandbox/worlds/default/scenarios/restored-server
\`\`\`

What is good to know:

- "Before request 2" counts the token requests of the grant since the scenario began.
- \`DELETE\` removes the faults of a scenario and stops what it planned. What it did to grants, the clock or the policy of a client stays; resetting the world undoes that.
- A scenario that changes a policy changes that of the whole client, and one that moves the clock moves it for the whole world. A test that wants quiet takes a world of its own.
- Where the client needs another address (\`tls-reset\`, \`tls-expired\`, \`dns\`), it is \`url\` in the answer; \`certificate\` is what it has to trust there. The address is open on the machine of the sandbox only.
- **Exchanged** says whether the server has exchanged the token at the moment when something goes wrong.
`;

const EXCHANGED: Readonly<Record<Scenario['committed'], string>> = {
  yes: 'yes',
  no: 'no',
  once: 'once',
  either: 'at one time yes, at another no',
  'nothing to commit': 'nothing to exchange',
};

/** The page of all scenarios, from the rows that the program reads. */
export const renderScenarios = (): string => [INTRODUCTION, ...SCENARIO_GROUPS.map(renderGroup)].join('\n');

const renderGroup = ({ title, scenarios }: (typeof SCENARIO_GROUPS)[number]): string =>
  [`## ${title}\n`, ...scenarios.map(renderScenario)].join('\n');

const renderScenario = (scenario: Scenario): string => {
  const { name, serverDoes, clientDoes, source, committed, dialects } = scenario;
  const only = dialects === undefined ? [] : [`- **Dialects**: ${dialectsOf(scenario).join(', ')}`];
  return [
    `### ${name}\n`,
    `- **Server**: ${serverDoes}`,
    `- **A right client**: ${clientDoes}`,
    `- **Exchanged**: ${EXCHANGED[committed]}`,
    ...only,
    `- **Source**: ${source}`,
    '',
  ].join('\n');
};
