import { hash } from 'node:crypto';
import { DIALECTS } from '@keyfob/server/dialects';
import { issueTokens, toMillis, toSeconds } from '@keyfob/server/grants';
import { registrationOf, sealCode } from '@keyfob/server/tokens';
import type { GrantPlan } from './plan.ts';
import type { ClientRecord, CodeRecord, GrantRecord } from './records.ts';
import { newStanding } from './standing.ts';
import type { World } from './world.ts';

/** The plan of a grant, and its name. */
type Wanted = { readonly owner: ClientRecord; readonly plan: GrantPlan; readonly name: string };

/** The operator creates a grant and gives its first refresh token to the client. */
export const createGrant = async (world: World, wanted: Wanted): Promise<GrantRecord> => {
  const { schedule, store, keys } = world;
  const { owner, name } = wanted;
  const nowMs = schedule.nowMs();
  const record = newRecord(world, wanted);
  const grant = {
    id: record.id,
    clientId: owner.client.id,
    subject: `owner of ${name}`,
    scope: 'read_odometer',
    brand: wanted.plan.brand,
    createdAtMs: nowMs,
    generation: 0,
    keyNumber: keys.ring().seal.active.number,
    rotatedAtMs: [],
    rotatedBy: undefined,
    useDigest: undefined,
    revocation: undefined,
  };
  await registerNewestKey(world);
  await store.createGrant(grant);
  const tokenIssuer = { keyRing: keys.ring(), nextSerial: () => 0 };
  const { shapes } = DIALECTS[owner.plan.dialect];
  const { refreshToken, accessToken } = await issueTokens(
    tokenIssuer,
    shapes,
    grant,
    owner.plan.policy,
    nowMs,
  );
  world.secrets.add(refreshToken).add(accessToken);
  record.wallet.saved = refreshToken;
  record.standing = newStanding(Math.floor(nowMs / 1000) * 1000);
  record.indexOf.set(refreshToken, 0);
  record.stringOf.set(0, refreshToken);
  world.grants.push(record);
  world.trace(
    () => `the operator creates ${name} for ${owner.plan.name}: ${JSON.stringify(owner.plan.policy)}`,
  );
  return record;
};

/** No key of a deployment seals before the store knows it. */
const registerNewestKey = ({ store, keys }: World): Promise<void> =>
  store.registerKey(registrationOf(keys.ring().seal.active));

/** An owner consents and returns to the client with a code. */
export const consent = async (world: World, wanted: Wanted): Promise<GrantRecord & { code: CodeRecord }> => {
  const { prng, schedule, store, keys } = world;
  const { owner, plan, name } = wanted;
  const { dialect, type, keys: idempotencyKeys } = owner.plan;
  const issuedAtMs = schedule.nowMs();
  const issuedAt = toSeconds(issuedAtMs);
  // Some public clients send no challenge, which is a mistake: such a code cannot be used.
  const hasChallenge = dialect === 'smartcar' && prng.chance(type === 'public' ? 0.9 : 0.3);
  const verifier = hasChallenge ? prng.bytes(32).toString('base64url') : undefined;
  const redirectUri = `https://${owner.client.id}.example/${name}`;
  const blank = newRecord(world, wanted);
  await registerNewestKey(world);
  await store.createCode({
    grantId: blank.id,
    clientId: owner.client.id,
    redirectUri,
    codeChallenge: verifier === undefined ? undefined : hash('sha256', verifier, 'base64url'),
    issuedAtMs,
    subject: `owner of ${name}`,
    scope: 'read_odometer',
    brand: plan.brand,
    vehicles: [],
  });
  const code: CodeRecord = {
    text: sealCode(keys.ring().seal.active, DIALECTS[dialect].shapes.code, { grantId: blank.id, issuedAt }),
    issuedAtMs: toMillis(issuedAt),
    redirectUri,
    verifier,
    key: idempotencyKeys === 'none' ? undefined : prng.bytes(12).toString('hex'),
    first: undefined,
    exists: true,
  };
  world.secrets.add(code.text);
  if (verifier !== undefined) world.secrets.add(verifier);
  const record = { ...blank, code };
  world.grants.push(record);
  world.trace(
    () =>
      `an owner returns to ${owner.plan.name} with the code of ${name}: ${JSON.stringify(owner.plan.policy)}`,
  );
  world.consentedAtMs = schedule.nowMs();
  for (const notify of world.onConsent.splice(0)) notify();
  return record;
};

/** The record of a grant that does not exist yet. */
const newRecord = ({ prng }: World, { owner, plan, name }: Wanted): GrantRecord => ({
  plan,
  name,
  owner,
  id: prng.bytes(8).readBigInt64BE(),
  code: undefined,
  wallet: { saved: undefined, key: undefined },
  standing: { ...newStanding(0), exists: false },
  epoch: 0,
  hasFailedOver: false,
  indexOf: new Map(),
  stringOf: new Map(),
  presentations: [],
  thiefToken: undefined,
  revokedSinceMs: undefined,
  isReinstated: false,
  endedAtDecision: Infinity,
});
