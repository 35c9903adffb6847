import { readAccess } from '@keyfob/server';
import { findDialect } from '@keyfob/server/dialects';
import { judge, standingOfToken } from '@keyfob/server/grants';
import type { Grant, Millis, Verdict } from '@keyfob/server/grants';
import type { Policy } from '@keyfob/server/clients';
import type { OpenedRefreshToken } from '@keyfob/server/tokens';
import { textOfReason } from '../journal/reason-texts.ts';
import type { World } from '../worlds/world.ts';
import { identifyToken } from './identify-token.ts';

/** What presenting a token would cause, without effect. */
export type Holds = {
  readonly kind: 'refresh_token' | 'access_token' | 'code' | 'unknown';
  /** By its name in the world. */
  readonly grant: string | undefined;
  /** Of a refresh token. */
  readonly generation: number | undefined;
  /** The generation that a client should hold. */
  readonly currentGeneration: number | undefined;
  /** Whether it is the token that a client should hold now. */
  readonly isCurrent: boolean;
  readonly wouldBe: 'rotate' | 'repeat' | 'resync' | 'replay' | 'refuse' | 'accept';
  /** Why, in a sentence. */
  readonly because: string;
  /** Until when, if nothing happens and as far as it is known; by the clock of the world. */
  readonly untilMs: Millis | undefined;
};

/** Judges a token as if its own client presented it now, with the server's own decision. Changes nothing. */
export const judgeHeld = async (world: World, token: string): Promise<Holds> => {
  const { server, grants, store } = world;
  const found = await identifyToken(world.tokens, token);
  const grant = found === undefined ? undefined : await store.current().readGrant(found.grantId);
  if (found === undefined || grant === undefined || found.kind === 'code') return unknownToken(found?.kind);
  const { client } = await store.current().readClient(grant.clientId);
  if (client === undefined) return unknownToken(undefined);
  const about = { grant: grants.nameOf(grant.id), currentGeneration: grant.generation };
  if (found.kind === 'refresh_token')
    return { ...about, ...judgeRefreshToken(world, grant, found.opened, client.policy) };
  const { deployment } = server;
  const shape = findDialect(found.dialect ?? client.dialect)?.shapes.accessToken;
  const context = { ...deployment, keyRing: deployment.keyRing, issuer: world.url };
  const isExpired = world.issuedAccess.isExpired(found.grantId, found.issuedAt);
  const access = shape === undefined || isExpired ? undefined : await readAccess(context, shape, token);
  return {
    ...about,
    kind: 'access_token',
    generation: undefined,
    isCurrent: access !== undefined,
    wouldBe: access === undefined ? 'refuse' : 'accept',
    because:
      access === undefined
        ? 'This access token has expired, or its grant has ended.'
        : 'This access token is accepted until it expires.',
    untilMs: access === undefined ? undefined : toWorld(world, access.expiresAt),
  };
};

const toWorld = ({ clock }: World, seconds: number): Millis =>
  seconds * 1000 - clock.read().skewSeconds * 1000;

const unknownToken = (kind: 'refresh_token' | 'access_token' | 'code' | undefined): Holds => ({
  kind: kind ?? 'unknown',
  grant: undefined,
  generation: undefined,
  currentGeneration: undefined,
  isCurrent: false,
  wouldBe: 'refuse',
  because:
    kind === 'code'
      ? 'This is an authorization code, not a token.'
      : 'No token of this world reads like this.',
  untilMs: undefined,
});

const judgeRefreshToken = (
  world: World,
  grant: Grant,
  opened: OpenedRefreshToken,
  policy: Policy,
): Omit<Holds, 'grant' | 'currentGeneration'> => {
  const now = { nowMs: world.clock.serverNow(), doubt: undefined };
  const { clientId, brand } = grant;
  const presented = { ...opened, clientId, brand, useDigest: undefined, isRetryOfOurs: false };
  const verdict = judge(grant, presented, now, policy);
  const until = standingOfToken(grant, opened, now, policy)?.expiresAt;
  return {
    kind: 'refresh_token',
    generation: opened.generation,
    isCurrent:
      opened.generation === grant.generation && (verdict.kind === 'rotate' || verdict.kind === 'repeat'),
    wouldBe: verdict.kind,
    because: sayWhy(verdict, grant, opened),
    untilMs: until === undefined ? undefined : toWorld(world, until),
  };
};

const sayWhy = (verdict: Verdict, grant: Grant, { generation }: OpenedRefreshToken): string => {
  const newer = grant.generation - generation;
  switch (verdict.kind) {
    case 'rotate':
      return 'This is the current refresh token: it would be exchanged for its successor.';
    case 'repeat':
      return newer === 0
        ? 'This is the current refresh token, and it is not exchanged: it would be given again.'
        : `This token was used, and may still be repeated (${verdict.cause}): the current one would be given again.`;
    case 'resync':
      return `The server has lost ${verdict.lost} refreshes: it would go on from this token.`;
    case 'replay':
      return `This token was used and ${newer === 1 ? 'its successor' : `${newer} newer ones`} given since: presenting it is a replay${verdict.response === 'revoke' ? ', which would end the grant' : ''}.`;
    case 'refuse':
      return textOfReason(verdict.reason);
  }
};
