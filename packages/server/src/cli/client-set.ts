import type { Command } from 'commander';
import type { ClientChange } from '../clients/change.ts';
import type { PolicyField } from '../clients/policy.ts';
import { clientToJson, describeClient, FIELDS, toFlag } from './client-report.ts';
import { onDeployment, readName, toList, withCommonOptions } from './options.ts';
import type { CommonOptions } from './options.ts';
import { UsageError } from './output.ts';
import { readClient } from '../operations/registry.ts';

/** What each policy field means, for the help. */
const POLICY_HELP: Readonly<Record<PolicyField, string>> = {
  refreshTokenLifetimeSeconds: 'life of each refresh token, from its issuance',
  accessTokenLifetimeSeconds: 'life of each access token',
  rotation: 'strict, overlap, until-used or none',
  overlapSeconds: 'with rotation overlap: how long a used token may be repeated (0 to 900)',
  raceSeconds:
    'how long after its first use a repeated token is refused without being taken for theft (0 to 900)',
  onReplay: 'revoke, refuse or observe',
  grantLifetimeSeconds: 'absolute life of a grant, or none',
  resyncGenerations: 'how far ahead of the store a token may be after the store lost its newest writes',
  requireUserAgent: 'true or false: refuse requests without a User-Agent',
  tellRefreshExpiry: 'true or false: add refresh_token_expires_in to the Smartcar answer',
  accessTokenFormat: 'opaque, or jwt for resource servers that check tokens by themselves (RFC 9068)',
  clientCredentialsScope: 'what such tokens may cover, space separated; empty for nothing',
  audience: 'whom JWTs are for (aud); empty for the issuer',
  clientCredentials: 'true or false: let the client get tokens for itself (POST /oauth2/token)',
  deadTokenCode: 'code by which the Pleos wire calls a refresh token dead: 4002, 401, 403 or 4011',
};

type SetOptions = CommonOptions & {
  readonly name?: string;
  readonly redirectUri?: readonly string[];
  readonly addRedirectUri?: readonly string[];
  readonly removeRedirectUri?: readonly string[];
  readonly consentRedirectUri?: string;
} & Partial<Record<PolicyField, string>>;

export const addClientSet = (client: Command): void => {
  const command = withCommonOptions(client.command('set <id>'))
    .description(
      'Changes a client: its redirect URIs, every field of its policy, and its name. Existing grants follow at once.',
    )
    .option('--name <name>', 'a name for people')
    .option('--redirect-uri <uri>', 'instead of all there are; may be given several times', toList)
    .option('--add-redirect-uri <uri>', 'one more; may be given several times', toList)
    .option('--remove-redirect-uri <uri>', 'one less; may be given several times', toList)
    .option(
      '--consent-redirect-uri <uri>',
      'where owners return after they choose vehicles, if the dialect asks for that separately; none for the first redirect URI',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ keyfob client set ID --rotation overlap --overlap-seconds 600 --on-replay revoke
  $ keyfob client set ID --add-redirect-uri https://app.example/callback`,
    );
  for (const field of FIELDS) command.option(`--${toFlag(field)} <value>`, POLICY_HELP[field]);
  command.action(async (id: string, options: SetOptions) =>
    onDeployment(options, async ({ store }) => {
      const change = readChange(options);
      await readClient(store, id);
      const outcome = await store.changeClient(id, change);
      if (typeof outcome === 'object') throw new UsageError(outcome.faults.map(nameFlags).join('; '));
      const after = await readClient(store, id);
      const grants = await store.countGrants(id);
      return { json: clientToJson(after, grants), text: describeClient(after, grants) };
    }),
  );
};

const readChange = (options: SetOptions): ClientChange => {
  const policy = Object.fromEntries(
    FIELDS.flatMap((field) => (options[field] === undefined ? [] : [[field, options[field]]])),
  );
  const { name, redirectUri, addRedirectUri, removeRedirectUri, consentRedirectUri } = options;
  const change: ClientChange = {
    ...(Object.keys(policy).length === 0 ? {} : { policy }),
    ...(name === undefined ? {} : { name: readName(name) }),
    ...(redirectUri === undefined ? {} : { redirectUris: redirectUri }),
    ...(addRedirectUri === undefined ? {} : { addedRedirectUris: addRedirectUri }),
    ...(removeRedirectUri === undefined ? {} : { removedRedirectUris: removeRedirectUri }),
    ...(consentRedirectUri === undefined
      ? {}
      : { consentRedirectUri: consentRedirectUri === 'none' ? null : consentRedirectUri }),
  };
  if (Object.keys(change).length > 0) return change;
  throw new UsageError(
    'nothing to change: name a policy field, such as --overlap-seconds 600, a redirect URI or --name',
  );
};

/** A fault in the words of the command line. */
const nameFlags = (fault: string): string =>
  fault.replace(/(?<!\S)[a-zA-Z]+(?![^\s,;:])/g, (word) =>
    FIELDS.some((field) => field === word) ? `--${toFlag(word)}` : word,
  );
