import { DIALECTS } from '@keyfob/server/dialects';
import type { Dialect } from '@keyfob/server/dialects';
import { readOptions } from './help.ts';
import type { CommandHelp } from './help.ts';
import { renderTable } from './table.ts';

const INTRODUCTION = `# Policies

<!-- Written by \`npm run docs\`. -->

Every client has a policy. A new client gets the defaults of its dialect, which are what the vendor's API page says. \`keyfob client set\` changes a
field; the existing grants of the client follow at once. A client stores its whole policy, so a default that changes in a later version changes no existing client.

\`\`\`sh
npx keyfob client set ID --rotation overlap --overlap-seconds 600
\`\`\`

\`rotation\` decides what happens when a used refresh token comes again:

- \`strict\`: nothing is repeated, except a request with the same \`Idempotency-Key\` header.
- \`overlap\`: each used token may be repeated for \`overlapSeconds\` after its first use.
- \`until-used\`: a used token may be repeated until its successor is first used.
- \`none\`: the refresh token does not change.

A use that the policy does not allow is refused. Within \`raceSeconds\` of the first use it is taken for a race and nothing else happens; after that it is a replay, and \`onReplay\` decides.

`;

const showValue = (value: unknown, field = ''): string => {
  if (value === undefined || value === '') return '';
  // Too long for a table.
  if (field === 'grantScope') return 'what only reads';
  return `\`${typeof value === 'string' ? value : value === null ? 'none' : JSON.stringify(value)}\``;
};

const toFlag = (field: string): string =>
  `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** The defaults of a dialect, its own options among them. */
const defaultsOf = ({ defaultPolicy }: Dialect): Readonly<Record<string, unknown>> => ({
  ...defaultPolicy,
  ...defaultPolicy.dialectOptions,
});

/** The page of all policy fields: their flags and effects by the help of \`client set\`, their defaults by dialect. */
export const renderPolicies = (commands: readonly CommandHelp[]): string => {
  const help = commands.find(({ words }) => words.join(' ') === 'client set')?.text ?? '';
  const options = readOptions(help);
  const dialects = Object.values(DIALECTS);
  const fields = [...options].flatMap(([flag, effect]) => {
    const field = flag.slice(2).replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    return POLICY_FLAGS.has(flag) || dialects.some((dialect) => field in defaultsOf(dialect))
      ? [{ field, effect }]
      : [];
  });
  const rows = fields.map(({ field, effect }) => [
    `\`${toFlag(field)}\``,
    ...dialects.map((dialect) => showValue(defaultsOf(dialect)[field], field)),
    effect,
  ]);
  return INTRODUCTION + renderTable(['field', ...dialects.map(({ name }) => name), 'effect'], rows);
};

/** Fields that no dialect sets. */
const POLICY_FLAGS: ReadonlySet<string> = new Set([
  '--audience',
  '--client-credentials-scope',
  '--personal-grant',
]);
