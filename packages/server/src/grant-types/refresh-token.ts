import { SCOPE } from '../clients/policy.ts';
import { readNow } from '../clock.ts';
import { reasonsOf, Refusal } from '../errors.ts';
import { give, later } from '../eventual.ts';
import type { Waiter } from '../eventual.ts';
import { findImportedToken } from '../grants/find-imported-token.ts';
import type { RefreshResult } from '../grants/grant-store.ts';
import { hasNewerKey } from '../grants/newer-key.ts';
import { findOtherCaller } from '../grants/other-caller.ts';
import { digestUse } from '../grants/use-digest.ts';
import type { Emit } from '../log-event.ts';
import { isSameBinding } from '../tokens/binding.ts';
import type { Binding } from '../tokens/binding.ts';
import { writeGrantId } from '../tokens/grant-id.ts';
import type { KeyRing } from '../tokens/key-ring.ts';
import { readingsOfRefreshToken } from '../tokens/refresh-token.ts';
import type { OpenedRefreshToken } from '../tokens/refresh-token.ts';
import { RESOURCE } from './audience.ts';
import { DETAILS, narrowedOf } from './authorization-details.ts';
import { defineGrantType } from './grant-type.ts';
import type { GrantRequest, GrantType, GrantTypeContext, TokenResponse } from './grant-type.ts';
import { prepareIssuing } from './issue-for-use.ts';
import { reportedRefusal, reportRefusedToken } from './reported-refusal.ts';

type RefreshRequest = GrantRequest<{
  readonly refresh_token: string;
  readonly scope: string | undefined;
  readonly resource: string | undefined;
  readonly authorization_details: string | undefined;
}>;

/**
 * Exchanges a refresh token for a pair: its successor (or, on a repeat, the current one again) and a fresh access
 * token, for the scope that was asked for. Resolves only after the store has the rotation on disk.
 *
 * @see RFC 6749 §6
 */
export const refreshToken: GrantType = defineGrantType({
  grantType: 'refresh_token',
  description: { givesRefreshToken: true, refusals: [] },
  parameters: [
    {
      name: 'refresh_token',
      purpose: 'The refresh token to exchange.',
      missing: 'refresh_token_missing',
      refusals: reasonsOf('dead_token'),
    },
    {
      name: 'scope',
      purpose:
        'The part of the granted scope that the access token is for, space separated; all of it where absent.',
      form: { isValid: (scope) => SCOPE.test(scope), otherwise: 'scope_unknown' },
      refusals: ['scope_not_allowed'],
    },
    RESOURCE,
    DETAILS,
  ],
  handle(context, request) {
    const { keyRing } = context;
    const text = request.parameters.refresh_token;
    const opening = context.batches.open({ keyRing, shape: request.shapes.refreshToken, text });
    return later((done, fail) =>
      give(opening, {
        done(opened) {
          const waiter = { done, fail };
          if (typeof opened === 'object' && opened.binding !== undefined)
            checkBinding(request, opened.binding);
          if (typeof opened === 'object') exchange(context, request, { opened, isImported: false }, waiter);
          else give(exchangeUnopened(context, request, opened, keyRing), waiter);
        },
        fail,
      }),
    );
  },
});

/** A refresh token of a public client works with the key only that it is bound to. The grant is not touched. @see RFC 9449 §5 */
const checkBinding = ({ binding }: RefreshRequest, bound: Binding): void => {
  if (binding?.kind !== bound.kind) throw new Refusal('proof_missing');
  if (!isSameBinding(binding, bound)) throw new Refusal('proof_of_other_key');
};

/** A token that no key at hand opens: an imported one, one of a newer key, or an unknown one. */
const exchangeUnopened = async (
  context: GrantTypeContext,
  request: RefreshRequest,
  opened: 'malformed' | undefined,
  keyRing: KeyRing,
): Promise<TokenResponse> => {
  const imported = await findImportedToken(context, request.client, request.parameters.refresh_token);
  if (imported !== undefined)
    return later((done, fail) =>
      exchange(context, request, { opened: imported, isImported: true }, { done, fail }),
    );
  if (opened === 'malformed') throw reportRefusedToken(context.emit, request, 'refresh_token_malformed');
  if (await hasNewerKey(context, keyRing)) return refreshToken.handle(context, request);
  throw reportRefusedToken(context.emit, request, 'token_undecryptable');
};

/** A presented token, as one of its readings or as an imported one. */
type Reading = { readonly opened: OpenedRefreshToken; readonly isImported: boolean };

/** The store decides about the token, and its tokens are issued after the commit, before it answers. */
const exchange = (
  context: GrantTypeContext,
  request: RefreshRequest,
  reading: Reading,
  waiter: Waiter<TokenResponse>,
): void => {
  const { store, undecidedRefreshes: undecided } = context;
  const { client, caller, requestId } = request;
  const { opened, isImported } = reading;
  const { nowMs, doubt } = readNow(context);
  const presented = {
    ...opened,
    clientId: client.id,
    brand: request.brand,
    useDigest: digestUse(request.idempotencyKey),
    isRetryOfOurs: undecided.has(opened),
    scope: request.parameters.scope,
    narrowed: narrowedOf(request.parameters.authorization_details),
  };
  const keyNumber = context.keyRing.seal.active.number;
  const issuing = prepareIssuing(context, request, { undecided, use: opened }, { nowMs, doubt });
  const conclude = (result: RefreshResult): void => {
    report(context.emit, request, opened, result);
    if (result.verdict.kind === 'refuse') throw reportedRefusal(result.verdict.reason);
    if (issuing.tokens === undefined) throw reportedRefusal('replayed');
    waiter.done(issuing.tokens);
  };
  give(store.refresh({ nowMs, doubt, presented, keyNumber, caller, requestId }, issuing.issue), {
    done(result) {
      if (result === 'client_gone') throw reportRefusedToken(context.emit, request, 'client_disabled');
      if (isImported || !isUnknown(result)) return conclude(result);
      give(findOtherReading(context, request, opened), {
        done: (other) => (other === undefined ? conclude(result) : exchange(context, request, other, waiter)),
        fail: waiter.fail,
      });
    },
    fail(error) {
      undecided.note(opened, error);
      waiter.fail(error);
    },
  });
};

/** What else a token may be that leads to no grant: its next reading, if the first fits by chance, or an imported token. */
const findOtherReading = async (
  context: GrantTypeContext,
  { shapes, parameters, client }: RefreshRequest,
  { grantId, generation }: OpenedRefreshToken,
): Promise<Reading | undefined> => {
  const readings = readingsOfRefreshToken(context.keyRing, shapes.refreshToken, parameters.refresh_token);
  const at = readings.findIndex((one) => one.grantId === grantId && one.generation === generation);
  const next = at < 0 ? undefined : readings[at + 1];
  if (next !== undefined) return { opened: next, isImported: false };
  // A few imported tokens that have the form of ours open, by chance, to an id.
  const imported = await findImportedToken(context, client, parameters.refresh_token);
  return imported && { opened: imported, isImported: true };
};

const isUnknown = ({ verdict }: RefreshResult): boolean =>
  verdict.kind === 'refuse' && verdict.reason === 'unknown';

const report = (
  emit: Emit,
  { dialect, requestId, caller, client }: RefreshRequest,
  opened: OpenedRefreshToken,
  { verdict, grant, replay, clockFault }: RefreshResult,
): void => {
  const grantId = writeGrantId(opened.grantId);
  const { generation } = opened;
  const clientId = client.id;
  // What nearly every use is, so that reporting it takes no copy.
  const rotated = {
    event: 'refresh.rotated',
    dialect,
    requestId,
    caller,
    clientId,
    grantId,
    generation,
  } as const;
  if (clockFault !== undefined)
    emit({ ...rotated, event: 'refresh.clock_fault', fault: clockFault.kind, byMs: clockFault.byMs });
  switch (verdict.kind) {
    case 'rotate':
      return emit(rotated);
    case 'repeat': {
      const other = grant && findOtherCaller(grant, opened, caller);
      if (other !== undefined) emit({ ...rotated, event: 'refresh.repeated_by_other', ...other });
      return emit({ ...rotated, event: 'refresh.repeated', cause: verdict.cause });
    }
    case 'resync':
      return emit({ ...rotated, event: 'refresh.resynced', lostGenerations: verdict.lost });
    case 'refuse':
      return emit({ ...rotated, event: 'refresh.refused', reason: verdict.reason });
    case 'replay': {
      const { gap, response } = verdict;
      const { sinceRotationMs, rotatedBy, looksLike = 'theft' } = replay ?? {};
      emit({
        ...rotated,
        event: 'refresh.replayed',
        gap,
        response,
        sinceRotationMs,
        rotatedBy,
        looksLike,
      });
      if (response === 'revoke')
        emit({ event: 'grant.revoked', requestId, grantId, clientId, cause: 'replay' });
    }
  }
};
