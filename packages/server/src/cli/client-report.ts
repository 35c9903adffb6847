import type { Client } from '../clients/client.ts';
import { POLICY_FIELDS } from '../clients/policy.ts';
import type { PolicyField } from '../clients/policy.ts';
import { describeSecrets, secretToJson } from './client-secret.ts';
import { alignFacts, showTime } from './output.ts';

/** Every field of a policy, in the order of its table. */
export const FIELDS = Object.keys(POLICY_FIELDS) as readonly PolicyField[];

/** The flag of a field, without its dashes. */
export const toFlag = (field: string): string =>
  field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A client for programs; `grants` is how many it has, where that was counted. */
export const clientToJson = (client: Client, grants?: number) => ({
  clientId: client.id,
  dialect: client.dialect,
  type: client.type,
  name: client.name,
  redirectUris: client.redirectUris,
  consentRedirectUri: client.consentRedirectUri ?? null,
  createdAt: client.createdAt,
  disabledAt: client.disabledAt ?? null,
  policy: client.policy,
  secrets: client.secrets.map(secretToJson),
  ...(grants === undefined ? {} : { grants }),
});

/** A client for people. */
export const describeClient = (client: Client, grants: number): string => {
  const facts = [
    ['client id', client.id],
    ['dialect', client.dialect],
    ['type', client.type],
    ['name', client.name === '' ? '-' : client.name],
    ...redirectFacts(client),
    ['created', showTime(client.createdAt)],
    ['state', client.disabledAt === undefined ? 'enabled' : `disabled ${showTime(client.disabledAt)}`],
    ['grants', String(grants)],
    ...FIELDS.map((field) => [toFlag(field), String(client.policy[field] ?? 'none')] as const),
  ] as const;
  const secrets =
    client.type === 'public' ? 'A public client: it has no secret.' : describeSecrets(client.secrets);
  return `${alignFacts(facts)}\n\n${secrets}`;
};

/** Where a client's owners are sent back to, a line each. */
export const redirectFacts = ({
  redirectUris,
  consentRedirectUri,
}: Client): readonly (readonly [string, string])[] => [
  ...(redirectUris.length === 0 ? ['-'] : redirectUris).map((uri) => ['redirect uri', uri] as const),
  ...(consentRedirectUri === undefined ? [] : [['consent redirect', consentRedirectUri] as const]),
];
