import type { Disconnected, Keeper } from '../keeper.ts';
import type { Millis } from '../time.ts';
import { describeMoment } from './describe-span.ts';
import { QUARANTINES } from './doctor/examine-store.ts';

/** How a refresh that somebody asked for ended. */
export type RefreshReport = {
  readonly outcome: 'refreshed' | 'busy' | 'later' | 'over';
  readonly reason: string;
  readonly retryAtMs: Millis | null;
  /** The same in one sentence, for people. */
  readonly why: string;
};

/** Why nothing was sent, by the reason of the keeper. */
const REASONS: Readonly<Record<string, string>> = {
  client_misconfigured: 'The provider refuses the client: its id or its secret is wrong',
  client_throttled: 'The provider asked for a pause',
  provider_outage: 'The provider cannot be reached',
  provider_unreachable: 'The provider cannot be reached',
  store_unavailable: 'The store cannot be reached',
  spool_full: 'The spool is full: the store has refused answers, and they wait for it',
  uncertain: 'The last send has no answer yet, and the provider may still give one',
  suspect:
    'The provider refused it for a reason that may be the fault of the client: other connections decide',
  staged: 'An answer is stored that cannot be read',
  access_token_unusable:
    'The new refresh token is stored, but the provider gave no access token that can be used',
  active: 'The last refreshes failed, and the next one waits a while',
  dead: 'The refresh token is dead: only a new consent of the owner helps',
  closed: 'The connection was disconnected',
  gone: 'There is no such connection',
  not_connected: 'There is no such connection',
};

/** Refreshes a connection now, if that is allowed, and explains what happened. */
export const refreshConnection = async (
  keeper: Keeper,
  name: string,
  nowMs: Millis,
): Promise<RefreshReport> => {
  const { kind, reason, retryAtMs } = await keeper.refresh(name);
  return {
    outcome: kind,
    reason,
    retryAtMs: retryAtMs ?? null,
    why: explain(kind, reason, retryAtMs, nowMs),
  };
};

const explain = (
  kind: RefreshReport['outcome'],
  reason: string,
  retryAtMs: Millis | undefined,
  nowMs: Millis,
): string => {
  if (kind === 'refreshed')
    return reason === 'refreshed'
      ? 'The provider gave a new pair, and it is stored.'
      : 'An answer that was stored before is in use now.';
  if (kind === 'busy') return 'Another process refreshes it at this moment.';
  const quarantine = QUARANTINES[reason];
  if (quarantine !== undefined) return `Nothing is sent: ${quarantine}.`;
  const what = REASONS[reason] ?? `It ended with ${reason}`;
  if (retryAtMs === undefined) return `${what}.`;
  const when = retryAtMs <= nowMs ? 'at once' : describeMoment(retryAtMs, nowMs);
  return `${what}. It may be tried again ${when}.`;
};

/** How a connection ended, for programs and in one sentence. */
export type DisconnectReport = {
  readonly name: string;
  readonly wasConnected: boolean;
  /** What the provider knows of it; `null` where there was no connection. */
  readonly revocation: Disconnected | null;
  readonly why: string;
};

/** What the owner's consent is at the provider, by the result of a revocation. */
const REVOCATIONS: Readonly<Record<Disconnected, string>> = {
  revoked: 'The provider has revoked its pair.',
  pending:
    'Its pair is not revoked at the provider yet: a running keeper tries again for four days. "ls --revoking" lists what waits.',
  refused: 'The provider refused to revoke its pair: end the consent there as well.',
  not_offered: 'The provider has no way to revoke its pair: end the consent there as well.',
  shared: 'Its grant lives, because other connections use it.',
};

/** Ends a connection, and reports what its provider knows of that. */
export const disconnectConnection = async (
  keeper: Pick<Keeper, 'disconnect'>,
  name: string,
): Promise<DisconnectReport> => {
  const revocation = await keeper.disconnect(name);
  if (revocation === undefined)
    return { name, wasConnected: false, revocation: null, why: 'There is no such connection.' };
  return { name, wasConnected: true, revocation, why: REVOCATIONS[revocation] };
};
