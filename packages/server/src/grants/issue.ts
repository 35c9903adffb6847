import assert from 'node:assert/strict';
import type { Policy } from '../clients/policy.ts';
import { earliestMsOf, leastAgeMs, toMillis, toSeconds } from '../clock.ts';
import type { Millis, Now, Seconds } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { signAccessJwt } from '../tokens/access-jwt.ts';
import { sealAccessTokens } from '../tokens/access-token.ts';
import type { Binding } from '../tokens/binding.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import { signingKeyAt } from '../tokens/key-ring.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import { sealRefreshTokens } from '../tokens/refresh-token.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import type { Shape } from '../tokens/shape.ts';
import { sealTokenId } from '../tokens/token-id.ts';
import { allowedScopeOf, intersect, selectScopes } from './access-scope.ts';
import { audiencesOf, writeAudience } from './audience.ts';
import { beganAt, currentIssuedAtMs } from './grant.ts';
import type { CurrentGrant, Grant } from './grant.ts';
import { grantLifetimeOf } from './grant-lifetime.ts';
import type { Vehicle } from './vehicle.ts';
import { describeVehicleData, scopeOfNarrowed } from './vehicle-data.ts';
import type { NarrowedData, VehicleDataDetail } from './vehicle-data.ts';

/** How a dialect writes its tokens. */
export type TokenShapes = {
  readonly refreshToken: Shape;
  readonly accessToken: Shape;
  readonly code: Shape;
};

/** What issues tokens. */
export type TokenIssuer = {
  readonly keyRing: KeyRing;
  /** Counts from 0 to `SERIAL_MAX`, then from 0 again, so that two access tokens of one grant in one second differ. */
  readonly nextSerial: () => number;
  /** The `iss` of JWTs. Without it, access tokens are opaque whatever the policy says. */
  readonly issuer?: string | undefined;
};

/** The pair of tokens that a client gets. */
export type TokenAnswer = {
  readonly accessToken: string;
  readonly expiresInSeconds: Seconds;
  readonly refreshToken: string;
  readonly refreshExpiresInSeconds: Seconds;
  /** Of the access token, where it is not the grant's. @see RFC 6749 §5.1 */
  readonly scope?: string;
  /** The owner, for wires whose answers name one. */
  readonly subject: string;
  /** What the access token is for, where that is vehicle data. @see RFC 9396 §7 */
  readonly details?: readonly VehicleDataDetail[];
};

/** What tokens are issued for. */
export type IssueOrder = Now & {
  readonly shapes: TokenShapes;
  readonly grant: CurrentGrant;
  readonly policy: Policy;
  /** What the access token is to be for; absent for all that the grant gives. `mayRequest` allows it. */
  readonly scope?: string | undefined;
  /** Which of the grant's vehicle data it is to be for; absent for all. The verdict allowed it. */
  readonly narrowed?: NarrowedData | undefined;
  /** What a grant for vehicle data covers; absent for other grants. */
  readonly vehicles?: readonly Vehicle[] | undefined;
  /** What the access token is bound to; absent for a token that any bearer may use. */
  readonly binding?: Binding | undefined;
  /** Whether the refresh token is bound to the same. */
  readonly bindsRefreshToken?: boolean;
  /** Whom a JWT is for, where the client named them; absent for all of the client's audiences. */
  readonly audiences?: readonly string[] | undefined;
};

/**
 * The grant's current refresh token with a new access token, for a grant that was just created. Returned at once, except for JWTs, whose signing is
 * asynchronous. Throws `StoreError` where the ring lacks the grant's key.
 */
export const issueTokens = (
  tokenIssuer: TokenIssuer,
  shapes: TokenShapes,
  grant: Grant,
  policy: Policy,
  nowMs: Millis,
): TokenAnswer | Promise<TokenAnswer> => {
  const [answer] = issueAlike(tokenIssuer, [{ shapes, grant, policy, nowMs, doubt: undefined }]);
  assert.ok(answer !== undefined);
  return answer;
};

/**
 * The same for several grants that one key and the same shapes serve, in their order and for little more than the cost of
 * one. Throws where it fails for one of them.
 */
export const issueAlike = (
  tokenIssuer: TokenIssuer,
  orders: readonly IssueOrder[],
): readonly (TokenAnswer | Promise<TokenAnswer>)[] => {
  const [first] = orders;
  if (first === undefined) return [];
  const { shapes, grant } = first;
  const { seal } = tokenIssuer.keyRing;
  const key = seal.find(grant.keyNumber);
  if (key === undefined) throw new StoreError('unavailable', `the key ring lacks key ${grant.keyNumber}`);
  const drafts = orders.map((order) => draftOf(tokenIssuer, order));
  const refreshTokens = sealRefreshTokens(key, shapes.refreshToken, refreshDraftsOf(drafts));
  const opaque = drafts.filter(({ isJwt }) => !isJwt);
  const accessTokens = sealAccessTokens(seal.active, shapes.accessToken, opaque);
  let next = 0;
  return drafts.map((draft, index) => {
    const { order, expiresInSeconds, scope } = draft;
    const answer = {
      accessToken: '',
      expiresInSeconds,
      refreshToken: refreshTokens[index] ?? '',
      refreshExpiresInSeconds: remainingSeconds(order),
      ...(scope === order.grant.scope ? {} : { scope }),
      subject: order.grant.subject,
      ...(draft.details === undefined ? {} : { details: draft.details }),
    };
    if (draft.isJwt)
      return signGrantJwt(tokenIssuer, draft).then((accessToken) => ({ ...answer, accessToken }));
    answer.accessToken = accessTokens[next++] ?? '';
    return answer;
  });
};

/** Without the bindings that are of the access tokens only. */
const refreshDraftsOf = (drafts: readonly Draft[]): readonly OpenedRefreshToken[] =>
  drafts.some(({ binding }) => binding !== undefined)
    ? drafts.map(({ grantId, generation, binding, order }) => ({
        grantId,
        generation,
        binding: order.bindsRefreshToken === true ? binding : undefined,
      }))
    : drafts;

/** What is left of the refresh token. The clock may be behind its issuance. */
const remainingSeconds = (order: IssueOrder): Seconds => {
  const { grant, policy } = order;
  const { refreshTokenLifetimeSeconds: lifetime } = policy;
  const ofToken = remainingOf(toSeconds(currentIssuedAtMs(grant)), lifetime, order);
  return Math.max(0, Math.min(ofToken, remainingOfGrant(order)));
};

/** What is left of the grant itself. */
const remainingOfGrant = (order: IssueOrder): Seconds => {
  const { grant, policy } = order;
  const lifetimeSeconds = grantLifetimeOf(grant, policy);
  return lifetimeSeconds === null ? Infinity : remainingOf(beganAt(grant), lifetimeSeconds, order);
};

/** What is left of a lifetime. An age in doubt counts as the least that it may be, as it does for the verdict. */
const remainingOf = (from: Seconds, lifetimeSeconds: Seconds, { nowMs, doubt }: Now): Seconds => {
  // From the whole second, as the answer carries it.
  const now = { nowMs: toMillis(toSeconds(nowMs)), doubt };
  return lifetimeSeconds - toSeconds(leastAgeMs(toMillis(from), now));
};

/** A pair of tokens before it is sealed: what is in their blocks, and how the access token is written. */
type Draft = {
  readonly order: IssueOrder;
  readonly grantId: GrantId;
  readonly generation: number;
  readonly issuedAt: Seconds;
  readonly serial: number;
  readonly expiresInSeconds: Seconds;
  readonly isJwt: boolean;
  readonly scope: string;
  /** Of the opaque access token; absent where it selects nothing. */
  readonly selection?: number;
  readonly length: number | undefined;
  readonly binding: Binding | undefined;
  readonly details?: readonly VehicleDataDetail[];
};

const draftOf = ({ nextSerial, issuer }: TokenIssuer, order: IssueOrder): Draft => {
  const { grant, policy, nowMs } = order;
  const issuedAt = toSeconds(nowMs);
  const isJwt = policy.accessTokenFormat === 'jwt' && issuer !== undefined;
  const allowed = allowedScopeOf(grant, policy);
  const requested = requestedScopeOf(order);
  const scope = requested === undefined ? allowed : intersect(allowed, requested);
  const { vehicleData } = grant;
  return {
    order,
    grantId: grant.id,
    generation: grant.generation,
    issuedAt,
    serial: nextSerial(),
    expiresInSeconds: Math.min(policy.accessTokenLifetimeSeconds, remainingOfGrant(order)),
    isJwt,
    scope,
    length: policy.accessTokenLength,
    binding: order.binding,
    ...(vehicleData === undefined
      ? {}
      : { details: describeVehicleData(vehicleData, scope, order.vehicles ?? []) }),
    ...(isJwt || requested === undefined || scope === grant.scope ? {} : selectionOf(grant, scope, allowed)),
  };
};

/** What the access token is to be for, by scope and by vehicle data; `undefined` for all that the grant gives. */
const requestedScopeOf = ({ grant, scope, narrowed }: IssueOrder): string | undefined => {
  if (narrowed === undefined) return scope;
  const ofData = scopeOfNarrowed(grant, narrowed) ?? '';
  return scope === undefined ? ofData : intersect(ofData, scope);
};

/** Nothing where the token cannot select all that is wanted: then that is all that is allowed, which it carries by itself. */
const selectionOf = (
  { scope }: Pick<Grant, 'scope'>,
  wanted: string,
  allowed: string,
): { readonly selection?: number } => {
  const selection = selectScopes(scope, wanted);
  assert.ok(selection !== undefined || wanted === allowed, 'an opaque token cannot carry the scope');
  return selection === undefined ? {} : { selection };
};

/** Rejects where the ring has no key for it; the grants beside it do not notice. */
const signGrantJwt = async (
  { keyRing, issuer = '' }: TokenIssuer,
  { order, grantId, issuedAt, serial, expiresInSeconds, scope, binding, details }: Draft,
): Promise<string> => {
  const { grant, policy, audiences } = order;
  const key = signingKeyAt(keyRing, toSeconds(earliestMsOf(order)), policy.accessTokenAlgorithm);
  return signAccessJwt(key, {
    iss: issuer,
    sub: grant.subject,
    aud: writeAudience(audiences ?? audiencesOf(policy, issuer)),
    client_id: grant.clientId,
    scope,
    iat: issuedAt,
    exp: issuedAt + expiresInSeconds,
    jti: sealTokenId(key, { kind: 'grant', grantId, issuedAt, serial }),
    binding,
    ...(details === undefined ? {} : { details }),
  });
};
