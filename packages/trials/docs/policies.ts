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
- \`until-used\`: a used token may be repeated until its successor is first used; with \`untilUsedSeconds\`, for so long at most.
- \`none\`: the refresh token does not change.

A use that the policy does not allow is refused. For \`raceSeconds\` after the overlap, or without an overlap after the first use, it is taken for a race or a retry that came
late, and nothing else happens. After that it is a replay, and \`onReplay\` decides. A replay that revokes the grant lets its access tokens run out or ends them at once
(\`onReplayAccessTokens\`); a revocation by the owner, an operator or the client, and one for a code that was used twice, always ends them at once.

Which of these rules is whose: Smartcar's page says that a used refresh token is invalid after one minute (\`overlapSeconds\`), and that consent is needed again only after the access
token has expired (\`onReplayAccessTokens\` \`expire\`). Pleos's page says that a refresh token works once (\`rotation\` \`strict\`). Everything else about a replay is ours, after
RFC 9700 §4.14.2: that it revokes the grant, and \`raceSeconds\`.

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
