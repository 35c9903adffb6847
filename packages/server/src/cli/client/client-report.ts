import { POLICY_FIELDS, waitsForApproval } from '../../exports/clients.ts';
import type { GrantCount } from '../../exports/index.ts';
import type { Client, ClientSecret, PolicyField } from '../../exports/clients.ts';
import { keyRows } from './key-options.ts';
import { toFlag } from '../command/options.ts';
import { alignColumns, showTime, timeOrNull, writeTime } from '../command/output.ts';

/** Every field of a policy, in the order of its table. */
export const FIELDS = Object.keys(POLICY_FIELDS) as readonly PolicyField[];

/** A client for programs, with the number of its grants where they were counted. */
export const clientToJson = (client: Client, count?: GrantCount) => ({
  clientId: client.id,
  dialect: client.dialect,
  type: client.type,
  name: client.name,
  redirectUris: client.redirectUris,
  consentRedirectUri: client.consentRedirectUri ?? null,
  developer: client.profile?.developer ?? '',
  privacyUrl: client.profile?.privacyUrl ?? null,
  logo: logoToJson(client),
  createdAt: writeTime(client.createdAtMs),
  disabledAt: timeOrNull(client.disabledAtMs),
  waitsForApproval: waitsForApproval(client),
  jwks: client.keys !== undefined && 'jwks' in client.keys ? { keys: client.keys.jwks } : null,
  jwksUri: client.keys !== undefined && 'jwksUri' in client.keys ? client.keys.jwksUri : null,
  policy: client.policy,
  secrets: client.secrets.map(secretToJson),
  ...count,
});

const logoToJson = ({ profile }: Client) => {
  const { mediaType, width, height, bytes } = profile?.logo ?? {};
  return bytes === undefined ? null : { mediaType, width, height, bytes: bytes.length };
};

/** A client for people. The policy is listed by flags without their dashes. */
export const describeClient = (client: Client, { grants, hasMoreGrants }: GrantCount): string => {
  const rows = [
    ['client id', client.id],
    ['dialect', client.dialect],
    ['type', client.type],
    ['name', client.name === '' ? '-' : client.name],
    ...profileRows(client),
    ...keyRows(client),
    ...redirectRows(client),
    ['created', showTime(writeTime(client.createdAtMs))],
    [
      'state',
      client.disabledAtMs === undefined ? 'enabled' : `disabled ${showTime(writeTime(client.disabledAtMs))}`,
    ],
    ['approval', waitsForApproval(client) ? 'waits for it (keyfob registration list)' : '-'],
    ['grants', hasMoreGrants ? `more than ${grants}` : String(grants)],
    ...FIELDS.map((field) => [toFlag(field).slice(2), String(client.policy[field] ?? 'none')] as const),
    ...Object.entries(client.policy.dialectOptions ?? {}).map(
      ([name, value]) => [toFlag(name).slice(2), value] as const,
    ),
  ] as const;
  const secrets =
    client.type === 'public' ? 'A public client: it has no secret.' : describeSecrets(client.secrets);
  return `${alignColumns(rows)}\n\n${secrets}`;
};

/** What owners see of a client besides its name. */
export const profileRows = ({ profile }: Client): readonly (readonly [string, string])[] => {
  const { developer = '', privacyUrl, logo } = profile ?? {};
  return [
    ...(developer === '' ? [] : [['developer', developer] as const]),
    ...(privacyUrl === undefined ? [] : [['privacy url', privacyUrl] as const]),
    ...(logo === undefined
      ? []
      : [['logo', `${logo.mediaType}, ${logo.width} x ${logo.height}, ${logo.bytes.length} bytes`] as const]),
  ];
};

/** Where owners are sent back to, one row per URI. */
export const redirectRows = ({
  redirectUris,
  consentRedirectUri,
}: Client): readonly (readonly [string, string])[] => [
  ...(redirectUris.length === 0 ? ['-'] : redirectUris).map((uri) => ['redirect uri', uri] as const),
  ...(consentRedirectUri === undefined ? [] : [['consent redirect', consentRedirectUri] as const]),
];

/** A secret for programs, without the secret itself. */
export const secretToJson = ({ id, name, createdAtMs, expiresAtMs, lastUsedAtMs }: ClientSecret) => ({
  secretId: id,
  name,
  createdAt: writeTime(createdAtMs),
  expiresAt: timeOrNull(expiresAtMs),
  lastUsedAt: timeOrNull(lastUsedAtMs),
});

/** Secrets for people, without the secrets themselves. */
export const describeSecrets = (secrets: readonly ClientSecret[]): string =>
  alignColumns([
    ['SECRET ID', 'CREATED', 'EXPIRES', 'LAST USED', 'NAME'],
    ...secrets
      .map(secretToJson)
      .map(({ secretId, name, createdAt, expiresAt, lastUsedAt }) => [
        secretId,
        showTime(createdAt),
        showTime(expiresAt),
        showTime(lastUsedAt),
        name,
      ]),
  ]);
