import { findDialect } from '@keyfob/server/dialects';
import type { Sandbox, StartedScenario } from '../exports/index.ts';

/** What a person sees first who started a scenario: what it is, and commands to try it with. */
export const describeScenarioStart = (sandbox: Sandbox, started: StartedScenario): string => {
  const { scenario, url, client, secretBefore, created, did, willDo } = started;
  const [first] = created;
  const dialect = findDialect(client.dialect);
  const credentials = { ...client, clientSecret: secretBefore ?? client.clientSecret };
  const base = `${sandbox.url}/_sandbox/worlds/${sandbox.defaultWorld().id}`;
  return [
    `The sandbox listens at ${sandbox.url}. Its control API is at ${sandbox.url}/_sandbox.`,
    '',
    `Scenario ${scenario.name}, for the client ${client.name}:`,
    `  server  ${scenario.serverDoes}`,
    `  client  ${scenario.clientDoes}`,
    `  source  ${scenario.source}`,
    '',
    ...[...did, ...willDo].map((says) => `- ${says}`),
    ...(did.length + willDo.length === 0 ? [] : ['']),
    ...(first === undefined || dialect === undefined
      ? []
      : [
          `Refresh its grant (${first.grant}):`,
          '',
          dialect.examples.refreshCommand(url, credentials, first.refreshToken),
          '',
        ]),
    'Read what happened, or start another scenario:',
    '',
    `curl ${base}/requests`,
    `curl -X POST ${base}/scenarios/NAME`,
    '',
    'Stop with Ctrl-C.',
    '',
  ].join('\n');
};
