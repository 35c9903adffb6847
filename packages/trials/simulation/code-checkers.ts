import type { Grant } from '@keyfob/server/grants';
import { describeGrant } from './world.ts';
import type { CodeRecord, CodeUseRecord, CodeWorld } from './code-world.ts';

/** Characters of a secret that are looked for. */
const PART = 12;
/** More than one code can make. */
const GRANT_EVENTS_MAX = 1000;

/** What is checked of a world when its time is over. Every answer has been checked by then (`code-ledger.ts`). */
export const checkCodes = async (world: CodeWorld): Promise<void> => {
  for (const code of world.codes) {
    const grant = await world.store.look(code.id);
    world.trace(() => `the grant of ${code.name} in the end: ${describeGrant(grant)}`);
    checkOwner(world, code, grant);
    checkTheft(world, code, grant);
    await checkFacts(world, code, grant);
  }
  await checkSecrecy(world);
};

const isRevoked = (grant: Grant | undefined): boolean => grant?.revocation !== undefined;

/** Decided, by its own client with all that goes with the code. */
const isOwnUse = ({ decision, words, code }: CodeUseRecord): boolean =>
  decision !== undefined &&
  words.client === code.owner &&
  words.redirectUri === code.redirectUri &&
  words.verifier === code.verifier &&
  words.brand === code.brand;

/**
 * An honest owner's grant is lost by nothing but what the documents name: a second use without the key of the first. So
 * a client that keeps to its key never loses a grant, whatever strangers, outages, crashes and operators do; and as long
 * as it has not been told its first refresh token, the code is not dead to it before its end.
 */
const checkOwner = (world: CodeWorld, code: CodeRecord, grant: Grant | undefined): void => {
  const own = code.uses.filter(isOwnUse);
  if (!code.owner.hasKeys || own.some(({ isHonest }) => !isHonest)) return;
  if (isRevoked(grant)) world.violate('owner', `the grant of ${code.name} was revoked with no thief there`);
  const inOrder = own.toSorted((a, b) => (a.decision?.order ?? 0) - (b.decision?.order ?? 0));
  const dead = inOrder.find(({ answer }) => answer?.kind === 'dead');
  const isOver = dead?.decision?.because === 'its ten minutes are over';
  if (dead === undefined || isOver || code.isLost || code.saved !== undefined) return;
  world.violate('owner', `${code.name} was dead to its client, which has not got its tokens yet`);
};

/** A thief and an owner who both used a code inside its life end in the revocation of what it gave (RFC 6749 §4.1.2). */
const checkTheft = (world: CodeWorld, code: CodeRecord, grant: Grant | undefined): void => {
  const inTime = code.uses.filter(
    (use) =>
      isOwnUse(use) &&
      use.decision?.because !== 'its ten minutes are over' &&
      use.decision?.outcomes[0] !== 'unauthenticated',
  );
  const hasBoth = inTime.some(({ isHonest }) => isHonest) && inTime.some(({ isHonest }) => !isHonest);
  const isOpen = inTime.some(
    ({ decision }) => decision?.revokes === 'maybe' || decision?.because.includes('503'),
  );
  if (!hasBoth || isOpen || code.isLost || grant === undefined) return;
  if (!isRevoked(grant))
    world.violate('theft', `${code.name} was used by owner and thief, and its grant is good`);
};

/** One grant event of its creation, and of its end one, with the request that ended it. */
const checkFacts = async (world: CodeWorld, code: CodeRecord, grant: Grant | undefined): Promise<void> => {
  const grantEvents = await world.store.listGrantEvents({
    after: 0,
    limit: GRANT_EVENTS_MAX,
    grantId: code.id,
  });
  const created = grantEvents.filter(({ kind }) => kind === 'grant.created');
  if (created.length !== (code.first === undefined ? 0 : 1))
    world.violate('grant_events', `${code.name} has ${created.length} grantEvents of its creation`);
  const ended = grantEvents.filter(({ kind, cause }) => kind === 'grant.revoked' && cause === 'code_replay');
  const toldOf = world.log.flatMap((event) =>
    event.event === 'grant.revoked' && BigInt.asIntN(64, BigInt(`0x${event.grantId}`)) === code.id
      ? [event.requestId]
      : [],
  );
  if (isRevoked(grant) && ended.length === 0)
    world.violate('grant_events', `${code.name} has no grantEvent of its end`);
  if (grantEvents.some(({ requestId }) => requestId === undefined))
    world.violate('grant_events', `${code.name} has a grantEvent of no request`);
  // What was told is what happened; of what happened, what a dying or cut-off process did is told by nobody.
  if (
    toldOf.some((id) => ended.every(({ requestId }) => requestId !== id)) ||
    new Set(toldOf).size < toldOf.length
  )
    world.violate('grant_events', `an end of ${code.name} was told without a grant event`);
};

/** Everything in a value, as one text. */
const write = (value: unknown): string =>
  JSON.stringify(value, (_name, item: unknown) => {
    if (typeof item === 'bigint') return BigInt.asUintN(64, item).toString(16);
    if (item instanceof Uint8Array) return Buffer.from(item).toString('hex');
    return item instanceof Map ? [...item] : item instanceof Set ? [...item] : item;
  });

/** No code, verifier or token, nor a part of one, is in the log or in the store. */
const checkSecrecy = async ({ codes, log, store, violate }: CodeWorld): Promise<void> => {
  const where = { log: write(log), store: write((await store.backUp()).content) };
  for (const { text, verifier, refreshToken, name } of codes)
    for (const secret of [text, verifier, refreshToken])
      for (const [place, content] of Object.entries(where))
        if (secret !== undefined && content.includes(secret.slice(0, PART)))
          violate('secret', `the ${place} has a part of what goes with ${name}`);
};
