import { DIALECTS, findDialect } from '@keyfob/server/dialects';
import type { Sandbox } from '../exports/index.ts';
import { createGrantIn } from '../exports/index.ts';

/** The dialects for which it shows a command: the first ones. */
const SHOWN = Object.keys(DIALECTS).slice(0, 2);

/** What a person sees first: where it is, and commands to paste. */
export const describeStart = async (sandbox: Sandbox): Promise<string> => {
  const world = sandbox.defaultWorld();
  const lines = [
    `The sandbox listens at ${sandbox.url}. Its control API is at ${sandbox.url}/_sandbox.`,
    `A page shows it to people: ${sandbox.url}/_sandbox/`,
    'Its keys, clients and tokens are gone when it stops.',
  ];
  for (const name of SHOWN) {
    const client = world.clients.find(name);
    const dialect = findDialect(name);
    if (client === undefined || dialect === undefined) continue;
    const { refreshToken, grant } = await createGrantIn(world, { client: name });
    lines.push(
      '',
      `Refresh a ${dialect.title} grant (${grant}), once; the answer has the next token:`,
      '',
      dialect.examples.refreshCommand(world.url, client, refreshToken),
    );
  }
  const base = `${sandbox.url}/_sandbox/worlds/${world.id}`;
  const json = `-H 'Content-Type: application/json'`;
  lines.push(
    '',
    'Move the clock, lose the next answer, read what happened:',
    '',
    `curl -X POST ${base}/clock/advance ${json} -d '{"by":"P59DT23H"}'`,
    `curl -X POST ${base}/faults ${json} -d '{"do":{"loseAnswer":"afterCommit"}}'`,
    `curl ${base}/requests`,
    '',
    'Stop with Ctrl-C.',
    '',
  );
  return lines.join('\n');
};
