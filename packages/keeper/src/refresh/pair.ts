import { dueAfterRefresh } from '../grants/due.ts';
import { expiryOf } from '../grants/expiry.ts';
import type { StatedLifetimes } from '../grants/expiry.ts';
import type { Due, Grant, Pair } from '../grants/grant.ts';
import type { Client } from '../providers/clients.ts';
import { lifetimesOf } from '../providers/learned.ts';
import type { LearnedFacts } from '../providers/learned.ts';
import type { SealedPair, StoredAnswer } from '../stores/store.ts';
import type { Millis } from '../time.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { lookupOf } from '../vault/key-ring.ts';
import { seal, unseal } from '../vault/seal.ts';

/** Where a pair belongs. */
export type Place = { readonly id: string; readonly generation: number; readonly epoch: number };

const bindingOf = ({ id, generation, epoch }: Place, column: string) => ({
  row: id,
  column,
  turn: `${generation}.${epoch}`,
});

/** The pair of a grant, in clear. Throws `KeeperError` where no key opens it. */
export const openPair = (keys: KeyRing, grant: Grant): Pair =>
  JSON.parse(unseal(keys, bindingOf(placeOfPair(grant), 'pair'), grant.sealed)) as Pair;

/** Where the pair of a grant is sealed: closing raises the epoch of its row, and leaves the pair as it was. */
export const placeOfPair = ({ id, generation, epoch, state }: Grant): Place => ({
  id,
  generation,
  epoch: state === 'closed' ? epoch - 1 : epoch,
});

/** What stands for a pair in the index: its refresh token, or the place where it has none. */
export const lookupTextOf = ({ refreshToken }: Pair, client: string): string =>
  refreshToken === undefined ? `client credentials of ${client}` : `refresh token ${refreshToken}`;

/** A pair as a row has it. */
export const sealPair = (
  keys: KeyRing,
  place: Place,
  pair: Pair,
  about: Omit<SealedPair, 'sealed' | 'lookup'> & { readonly client: string },
): SealedPair => ({
  sealed: seal(keys, bindingOf(place, 'pair'), JSON.stringify(pair)),
  lookup: lookupOf(keys.current, lookupTextOf(pair, about.client)),
  issuedAtMs: about.issuedAtMs,
  accessExpiresAtMs: about.accessExpiresAtMs,
  refreshExpiresAtMs: about.refreshExpiresAtMs,
  endsAtMs: about.endsAtMs,
});

/** An answer as it came, for the row whose token was sent. */
export const sealAnswer = (
  keys: KeyRing,
  place: Place,
  answer: {
    readonly id: string;
    readonly body: string;
    readonly sentAtMs: Millis;
    readonly receivedAtMs: Millis;
  },
): StoredAnswer => ({
  id: answer.id,
  grantId: place.id,
  generation: place.generation,
  epoch: place.epoch,
  sealed: seal(keys, bindingOf(place, 'answer'), answer.body),
  sentAtMs: answer.sentAtMs,
  receivedAtMs: answer.receivedAtMs,
});

/** The body of a stored answer, in clear. */
export const openAnswer = (keys: KeyRing, answer: StoredAnswer): string =>
  unseal(keys, bindingOf({ ...answer, id: answer.grantId }, 'answer'), answer.sealed);

/**
 * The next pair of a grant, and when it ends: the new refresh token, or the old one where none came. Where no access token came, the
 * one from before stays until its own end.
 */
export const nextPair = (
  grant: Grant,
  client: Client,
  learned: LearnedFacts,
  answer: { readonly pair: Pair; readonly stated: StatedLifetimes; readonly sentAtMs: Millis },
  before: Pair,
): {
  readonly pair: Pair;
  readonly about: Omit<SealedPair, 'sealed' | 'lookup'> & { readonly client: string };
} => {
  const lifetimes = lifetimesOf(client.provider, learned);
  const isNew = answer.pair.refreshToken !== undefined && answer.pair.refreshToken !== before.refreshToken;
  const hasAccess = answer.pair.accessToken !== '';
  const expiry = expiryOf(answer.sentAtMs, answer.stated, lifetimes, grant.endsAtMs);
  return {
    pair: {
      ...before,
      ...answer.pair,
      accessToken: hasAccess ? answer.pair.accessToken : before.accessToken,
      refreshToken: answer.pair.refreshToken ?? before.refreshToken,
    },
    about: {
      client: grant.client,
      issuedAtMs: answer.sentAtMs,
      accessExpiresAtMs: hasAccess
        ? expiry.accessExpiresAtMs
        : Math.max(answer.sentAtMs, grant.accessExpiresAtMs),
      // Where the token stays the same, nothing says that its life begins again.
      refreshExpiresAtMs: isNew
        ? expiry.refreshExpiresAtMs
        : (grant.refreshExpiresAtMs ?? expiry.refreshExpiresAtMs),
      endsAtMs: grant.endsAtMs,
    },
  };
};

/** When a grant with this pair is due. */
export const dueOf = (
  place: Place,
  client: Client,
  learned: LearnedFacts,
  about: Omit<SealedPair, 'sealed' | 'lookup'>,
  { askedAtMs, nowMs }: { readonly askedAtMs: Millis | undefined; readonly nowMs: Millis },
): Due | undefined =>
  dueAfterRefresh({
    ...about,
    id: place.id,
    generation: place.generation,
    askedAtMs,
    lifetimes: {
      ...lifetimesOf(client.provider, learned),
      accessSeconds: Math.max(1, (about.accessExpiresAtMs - about.issuedAtMs) / 1000),
    },
    keepWarm: client.keepWarm,
    isRotating: client.provider.grantType === 'refresh_token',
    nowMs,
  });
