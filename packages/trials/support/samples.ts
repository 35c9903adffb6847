import type { Caller } from '@keyfob/server';
import type { Client, ClientSecret, Policy } from '@keyfob/server/clients';
import { toSeconds } from '@keyfob/server/grants';
import type {
  AuthorizationCode,
  CurrentGrant,
  Grant,
  Millis,
  Presented,
  PresentedCode,
  VehicleData,
  Seconds,
  Vehicle,
} from '@keyfob/server/grants';
import type { CodeResult, CodeUse, RefreshResult, RefreshUse, Store } from '@keyfob/server/stores';
import type { GrantId } from '@keyfob/server/tokens';

/** When the sample clients and grants were created. */
export const CREATED_AT_MS: Millis = 1_750_000_000_000;
/** The same in seconds, as tokens carry it. */
export const CREATED_AT: Seconds = toSeconds(CREATED_AT_MS);
/** When the samples are first used, one day later. */
export const NOW_MS: Millis = CREATED_AT_MS + 86_400_000;

export const CALLER: Caller = { address: '192.0.2.7', userAgent: 'charge-planner/2.1' };
export const OTHER_CALLER: Caller = { address: '2001:db8::9', userAgent: 'curl/8.5.0' };

export const OVERLAP_POLICY: Policy = {
  refreshTokenLifetimeSeconds: 5_184_000,
  accessTokenLifetimeSeconds: 7200,
  rotation: 'overlap',
  overlapSeconds: 60,
  raceSeconds: 10,
  onReplay: 'revoke',
  onReplayAccessTokens: 'end',
  grantLifetimeSeconds: null,
  resyncGenerations: 1024,
  requireUserAgent: false,
  includeRefreshExpiry: false,
  clientAuthentication: 'both',
  accessTokenFormat: 'opaque',
  grantScope: 'read_odometer read_charge',
  clientCredentials: false,
};

export const STRICT_POLICY: Policy = { ...OVERLAP_POLICY, rotation: 'strict', overlapSeconds: 0 };

export const sampleSecret = (id: string, more: Partial<ClientSecret> = {}): ClientSecret => ({
  id,
  name: 'production',
  digest: Uint8Array.from({ length: 32 }, (_, index) => (index * 7 + id.length) % 256),
  createdAtMs: CREATED_AT_MS,
  expiresAtMs: undefined,
  lastUsedAtMs: undefined,
  ...more,
});

export const sampleClient = (more: Partial<Client> = {}): Client => ({
  id: 'client-a',
  dialect: 'smartcar',
  type: 'confidential',
  redirectUris: [],
  consentRedirectUri: undefined,
  name: 'Charge planner',
  policy: OVERLAP_POLICY,
  createdAtMs: CREATED_AT_MS,
  disabledAtMs: undefined,
  secrets: [],
  ...more,
});

export const sampleGrant = (more: Partial<Grant> = {}): Grant => ({
  id: 42n,
  clientId: 'client-a',
  subject: 'owner-1',
  scope: 'read_odometer read_charge',
  brand: undefined,
  createdAtMs: CREATED_AT_MS,
  generation: 0,
  keyNumber: 1,
  rotatedAtMs: [],
  rotatedBy: undefined,
  useDigest: undefined,
  revocation: undefined,
  ...more,
});

/** A presentation of the sample grant's token of this generation. */
export const sampleUse = (
  generation: number,
  more: Partial<Omit<RefreshUse, 'presented'>> & { readonly presented?: Partial<Presented> } = {},
): RefreshUse => ({
  nowMs: NOW_MS,
  doubt: undefined,
  keyNumber: 1,
  caller: CALLER,
  requestId: 'request-1',
  ...more,
  presented: {
    grantId: 42n,
    generation,
    clientId: 'client-a',
    brand: undefined,
    useDigest: undefined,
    isRetryOfOurs: false,
    ...more.presented,
  },
});

export const sampleVehicle = (index = 1, more: Partial<Vehicle> = {}): Vehicle => ({
  id: `00000000-0000-4000-8000-00000000000${index}`,
  vin: `KMHTEST000000000${index}`,
  make: 'hyundai',
  model: 'IONIQ 5',
  year: 2024,
  nickname: '',
  powertrain: 'EV',
  ...more,
});

export const SAMPLE_REDIRECT_URI = 'https://app.example/callback';

/** A code of the sample client, issued at `NOW_MS`. */
export const sampleCode = (more: Partial<AuthorizationCode> = {}): AuthorizationCode => ({
  grantId: 42n,
  clientId: 'client-a',
  redirectUri: SAMPLE_REDIRECT_URI,
  codeChallenge: undefined,
  issuedAtMs: NOW_MS,
  subject: 'owner-1',
  scope: 'read_odometer',
  brand: undefined,
  vehicles: [],
  ...more,
});

/** Vehicle data that an owner agreed to for 1000 seconds from `NOW_MS`, some of what was asked for. */
export const SAMPLE_DATA: VehicleData = {
  data: ['trips'],
  purpose: 'Price a policy by the kilometre; 보험료 계산',
  until: NOW_MS / 1000 + 1000,
  asked: {
    data: { trips: 'read_odometer', charge: 'read_charge' },
    until: NOW_MS / 1000 + 1000,
    vehicles: ['00000000-0000-4000-8000-000000000001'],
  },
};

/** A presentation of the sample code, one second after it was issued. */
export const sampleCodeUse = (
  more: Partial<Omit<CodeUse, 'presented'>> & { readonly presented?: Partial<PresentedCode> } = {},
): CodeUse => ({
  nowMs: NOW_MS + 1000,
  doubt: undefined,
  keyNumber: 1,
  caller: CALLER,
  requestId: 'request-1',
  ...more,
  presented: {
    grantId: 42n,
    issuedAt: toSeconds(NOW_MS),
    clientId: 'client-a',
    brand: undefined,
    redirectUri: SAMPLE_REDIRECT_URI,
    onlyRedirectUri: SAMPLE_REDIRECT_URI,
    codeVerifier: undefined,
    useDigest: undefined,
    isRetryOfOurs: false,
    ...more.presented,
  },
});

/** Redeems a code. Throws if the client is gone. */
export const redeemed = async (store: Store, use: CodeUse = sampleCodeUse()): Promise<CodeResult> => {
  const result = await store.redeemCode(use);
  if (result === 'client_gone') throw new Error('the client is gone');
  return result;
};

/** Refreshes a grant. Throws if the client is gone. */
export const refreshed = async (store: Store, use: RefreshUse): Promise<RefreshResult> => {
  const result = await store.refresh(use);
  if (result === 'client_gone') throw new Error('the client is gone');
  return result;
};

/** Puts a client with one grant into a store. */
export const fill = async (
  store: Store,
  policy: Partial<Policy> = {},
  grant: Partial<Grant> = {},
): Promise<void> => {
  await store.createClient(sampleClient({ policy: { ...OVERLAP_POLICY, ...policy } }));
  await store.createGrant(sampleGrant(grant));
};

/** Creates sample grants with these ids, a few at a time, so that none waits too long for a connection. */
export const createGrants = async (store: Store, ids: readonly bigint[]): Promise<void> => {
  const atATime = 10;
  for (let from = 0; from < ids.length; from += atATime)
    await Promise.all(ids.slice(from, from + atATime).map((id) => store.createGrant(sampleGrant({ id }))));
};

/** Puts a client with one code into a store. */
export const fillWithCode = async (store: Store, code: Partial<AuthorizationCode> = {}): Promise<void> => {
  await store.createClient(sampleClient());
  const made = await store.createCode(sampleCode(code));
  if (made !== 'created') throw new Error(`the code was not created: ${made}`);
};

/** Reads every grant of a store, page by page. */
export const listAll = async (store: Store, limit: number, clientId?: string): Promise<readonly Grant[]> => {
  const found: Grant[] = [];
  let after: GrantId | undefined;
  for (;;) {
    const page = await store.listGrants({ after, limit, clientId });
    found.push(...page);
    if (page.length < limit) return found;
    after = page.at(-1)?.id;
  }
};

/** What every store answers of the grant after a refresh: of its rotations the newest, and not what judges predecessors. */
export const currentOf = (grant: CurrentGrant | undefined): CurrentGrant | undefined => {
  if (grant === undefined) return undefined;
  const { rotatedBy: _caller, useDigest: _digest, ...current } = grant;
  return { ...current, rotatedAtMs: grant.rotatedAtMs.slice(-1) };
};
