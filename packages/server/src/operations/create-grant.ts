import { SCOPE } from '../clients/policy.ts';
import { describeScopeFault, findScopeFault } from '../clients/scopes.ts';
import { StoreError } from '../errors.ts';
import type { Grant } from '../grants/grant.ts';
import { issueTokens } from '../grants/issue.ts';
import type { TokenAnswer } from '../grants/issue.ts';
import { SERIAL_MAX } from '../tokens/access-token.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { OperationContext } from './context.ts';
import type { DialectRules } from './dialect-rules.ts';
import { newGrantId } from './new-id.ts';

/** A grant to create without asking its owner, who sees and removes it like any other. */
export type NewGrant = {
  readonly clientId: string;
  readonly subject: string;
  readonly scope: string;
  readonly brand: string | undefined;
  /** Drawn before, for the audit log; a new one if it is absent. */
  readonly id?: GrantId | undefined;
};

export type GrantCreated =
  | {
      readonly outcome: 'created';
      readonly grant: Grant;
      readonly tokens: TokenAnswer;
      readonly dialect: string;
    }
  | { readonly outcome: 'client_unknown' }
  /** A resource server gets no tokens. */
  | { readonly outcome: 'client_not_permitted' }
  /** The client's access tokens are JWTs, which name their issuer. Nothing was created. */
  | { readonly outcome: 'issuer_unknown' }
  /** What is wrong with the grant, one sentence each. */
  | { readonly outcome: 'invalid'; readonly faults: readonly string[] };

/** How often a random id is tried that another grant may have. */
const ATTEMPTS = 3;

/** Creates a grant and issues its first tokens. The client must be allowed the scope. Throws `StoreError`. */
export const createGrant = async (
  {
    store,
    dialects,
    scopes,
    keyRing,
    issuer,
    clock,
    randomness,
  }: Pick<OperationContext, 'clock' | 'store' | 'dialects' | 'scopes' | 'keyRing' | 'issuer' | 'randomness'>,
  wanted: NewGrant,
): Promise<GrantCreated> => {
  const { clientId, subject, scope, brand } = wanted;
  const nowMs = clock();
  const { client } = await store.readClient(clientId);
  if (client === undefined) return { outcome: 'client_unknown' };
  if (client.type === 'resource-server') return { outcome: 'client_not_permitted' };
  if (client.policy.accessTokenFormat === 'jwt' && issuer === undefined) return { outcome: 'issuer_unknown' };
  const dialect = dialects.of(client);
  const scopeFault = findScopeFault(scopes, client, scope);
  const faults = [
    ...faultsOf(wanted, dialect),
    ...(scopeFault === undefined ? [] : [describeScopeFault(scopes, client, scopeFault)]),
  ];
  if (faults.length > 0) return { outcome: 'invalid', faults };
  const first = { generation: 0, keyNumber: keyRing.seal.active.number, rotatedAtMs: [] } as const;
  const unused = { rotatedBy: undefined, useDigest: undefined, revocation: undefined };
  const attempts = wanted.id === undefined ? ATTEMPTS : 1;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const id = wanted.id ?? newGrantId(randomness);
    const grant: Grant = { id, clientId, subject, scope, brand, createdAtMs: nowMs, ...first, ...unused };
    const created = await store.createGrant(grant, { nowMs });
    if (created === 'client_unknown') return { outcome: 'client_unknown' };
    if (created === 'id_taken') continue;
    const tokenIssuer = {
      keyRing,
      nextSerial: () => Math.floor(randomness.fraction() * (SERIAL_MAX + 1)),
      issuer,
    };
    const tokens = await issueTokens(tokenIssuer, dialect.shapes, grant, client.policy, nowMs);
    return { outcome: 'created', grant, tokens, dialect: client.dialect };
  }
  throw new StoreError('unavailable', 'no free grant id was found');
};

const faultsOf = ({ subject, scope, brand }: NewGrant, dialect: DialectRules): readonly string[] => [
  ...(subject === '' ? ['subject must not be empty'] : []),
  ...(SCOPE.test(scope) ? [] : ['scope must be words of visible ASCII without quotes, space separated']),
  ...(brand === undefined ? [] : faultsOfBrand(brand, dialect)),
];

const faultsOfBrand = (brand: string, { name, brands }: DialectRules): readonly string[] =>
  brands.includes(brand) ? [] : [`the ${name} dialect has no brand ${brand}`];
