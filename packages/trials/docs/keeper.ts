import { Readable, Writable } from 'node:stream';
import { CLIENT_MEMBERS, runCommand, SETTINGS, WEBHOOK_MEMBERS } from '@keyfob/keeper/cli';
import type { Ended } from '../support/keyfob-process.ts';
import { renderCommands } from './commands.ts';
import { readHelp } from './help.ts';
import { renderTable } from './table.ts';

const COMMANDS = `# Commands of the keeper

<!-- Written by \`npm run docs\`. -->

In a clone the command is \`npm run keeper --\`. Where the package \`@keyfob/keeper\` is installed, it is \`npx keyfob-keeper\`, or \`keyfob-keeper\` if
it is installed with \`--global\`. Every command may run beside a keeper that serves the same store. Every
command takes \`--json\`. Exit codes: 0 done, 1 trouble, 2 usage error.
`;

const SETTINGS_PAGE = `# Settings of the keeper

<!-- Written by \`npm run docs\`. -->

Settings come from \`keyfob-keeper.json\`, or from the file that \`--config\` or \`KEEPER_CONFIG\` names; \`keyfob-keeper init\` writes one. A line of it may
end with a comment, \`//\`. Paths are relative to the file. A variable wins over the file. An unknown name is refused with the nearest known one.
Secrets never stand in the file, and never on a command line. \`KEEPER_KEY\` has the keys themselves, with commas between, the current one first.
`;

/** Runs a command of the keeper in this process. */
export const runKeeper = async (words: readonly string[]): Promise<Ended> => {
  const [output, errors] = [collect(), collect()];
  const code = await runCommand(words, {
    environment: {},
    input: Readable.from([]),
    output: output.stream,
    errors: errors.stream,
  });
  return { code, stdout: output.text(), stderr: errors.text() };
};

const collect = (): { readonly stream: Writable; readonly text: () => string } => {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
};

/** The page of the keeper's commands. */
export const renderKeeperCommands = async (): Promise<string> =>
  renderCommands(await readHelp([], runKeeper), { program: 'keyfob-keeper', introduction: COMMANDS });

/** The page of the keeper's settings. */
export const renderKeeperSettings = (): string => {
  const settings = Object.entries(SETTINGS).map(([name, { variable, effect }]) => [
    `\`${name}\``,
    `\`${variable}\``,
    effect,
  ]);
  const members = Object.entries(CLIENT_MEMBERS).map(([name, { effect }]) => [`\`${name}\``, effect]);
  const webhooks = Object.entries(WEBHOOK_MEMBERS).map(([name, { effect }]) => [`\`${name}\``, effect]);
  return [
    `${SETTINGS_PAGE}\n${renderTable(['setting', 'variable', 'effect'], settings)}`,
    `## Clients\n\n\`clients\` has one object per client, by the name that \`put\` uses:\n`,
    renderTable(['member', 'effect'], members),
    `## Webhooks\n\n\`webhooks\` is a list of objects, only here: no command and no path of the service changes it. A node reads it when it starts, and all nodes need the same list. \`webhookAllowedRanges\` lists private ranges, such as \`10.0.0.0/8\`, that they may be sent to:\n`,
    renderTable(['member', 'effect'], webhooks),
  ].join('\n');
};
