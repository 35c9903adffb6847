import type { Millis } from './clock.ts';
import type {
  ClientReason,
  RefusalReason,
  RefusedCodeReason,
  RefusedTokenReason,
  StoreErrorKind,
} from './errors.ts';

/** Who sent a request: where from, and what it called itself. */
export type Caller = { readonly address: string; readonly userAgent: string };
export const USER_AGENT_MAX_CHARACTERS = 200;

type Of<Name extends string, Members> = { readonly event: Name } & Readonly<Members>;
type Request = { requestId: string; dialect: string };
type GrantRequest = Request & { clientId: string; grantId: string; caller: Caller };
type Use = GrantRequest & { generation: number };
type RefusedUse<Reason> = Request & { clientId: string; grantId?: string; reason: Reason; caller: Caller };
type GrantChange = {
  /** `undefined` for what an operator did. */
  requestId: string | undefined;
  grantId: string;
  clientId: string;
};
type Delivery = {
  webhookId: string;
  grantEventId: string;
  kind: string;
  grantId: string;
  clientId: string;
  /** Of the request that caused the grant event; `undefined` for what an operator did. */
  requestId: string | undefined;
  attempts: number;
  /** The HTTP status of the answer; `undefined` if there was none. */
  status: number | undefined;
  tookMs: Millis;
};

/** Why an owner could not be signed in. */
export type SignInFailure =
  /** Neither a provider nor the demo is configured. */
  | 'not_configured'
  /** The provider could not be reached, or reports that it is unavailable. */
  | 'provider_unavailable'
  /** The provider refused, or the owner cancelled there. */
  | 'provider_refused'
  /** The provider's answer does not belong to this browser's request. */
  | 'answer_invalid'
  /** The browser did not return the sign-in state it was given, or returned it too late. */
  | 'stale';

/** Why an operator could not be signed in at the provider: as with owners, or because the provider gives no role here. */
export type OperatorSignInFailure = SignInFailure | 'no_role';

/**
 * Everything a running server reports: a closed union. No event carries a token, a secret or a part of one. Ids have the
 * form that people see (`grantId` in 16 hexadecimal digits).
 */
export type LogEvent =
  | Of<'server.listening', { url: string }>
  | Of<'server.stopping', { openRequests: number }>
  | Of<'refresh.rotated', Use>
  | Of<'refresh.repeated', Use & { cause: 'overlap' | 'until_used' | 'same_use' | 'not_rotated' }>
  /** Besides `refresh.repeated`: an address or a user agent other than that of the first use repeats a token. */
  | Of<'refresh.repeated_by_other', Use & { firstUsedBy: Caller; differs: 'address' | 'user_agent' | 'both' }>
  | Of<'refresh.resynced', Use & { lostGenerations: number }>
  | Of<'refresh.refused', RefusedUse<RefusedTokenReason>>
  | Of<
      'refresh.replayed',
      Use & {
        gap: number;
        sinceRotationMs: Millis | undefined;
        rotatedBy: Caller | undefined;
        looksLike: 'lost_answer' | 'theft';
        response: 'revoke' | 'refuse' | 'observe';
      }
    >
  /** A moment in the row of a grant and the present clock contradict each other: one of them is wrong. */
  | Of<'refresh.clock_fault', Use & { fault: 'future_row' | 'past_row'; byMs: Millis }>
  | Of<'code.redeemed', GrantRequest>
  | Of<'code.repeated', GrantRequest>
  | Of<'code.replayed', GrantRequest>
  | Of<'code.refused', RefusedUse<RefusedCodeReason>>
  | Of<'device.requested', GrantRequest>
  /** An owner entered a user code that no device shows. */
  | Of<'device.code_wrong', { requestId: string; caller: Caller }>
  /** A client presented the refresh token of another client's grant to be revoked. Nothing happened. */
  | Of<'revocation.refused', GrantRequest>
  | Of<'vehicles.disconnected', GrantRequest & { count: number }>
  /** An owner changed what a grant for vehicle data allows. */
  | Of<'vehicle_data.changed', { requestId: string; grantId: string; clientId: string; caller: Caller }>
  | Of<'owner.signed_in', { requestId: string; method: 'simulated' | 'upstream'; caller: Caller }>
  /** `isAtProvider`: the browser was sent on to the provider, to end the session there too. */
  | Of<'owner.signed_out', { requestId: string; isAtProvider: boolean; caller: Caller }>
  | Of<
      'sign_in.failed',
      {
        requestId: string;
        reason: SignInFailure;
        cause: string;
        /** The OAuth error code of the provider, if it sent one. Its description can contain anything, so it is not reported. */
        providerError: string | undefined;
        caller: Caller;
      }
    >
  /** `cause` and `providerError` as in `sign_in.failed`; for `no_role`, what the claim lacks. */
  | Of<
      'operator.sign_in_failed',
      {
        requestId: string;
        reason: OperatorSignInFailure;
        cause: string;
        providerError: string | undefined;
        caller: Caller;
      }
    >
  /** Of the metadata or the keys of the provider. `cause` describes the first of them, by its place and without a value. */
  | Of<'sign_in.entries_left_out', { count: number; cause: string }>
  | Of<'consent.given', GrantRequest & { vehicles: number }>
  | Of<'consent.declined', RefusedUse<'decline' | 'no_vehicles'>>
  | Of<'vehicle_source.unavailable', { requestId: string; cause: string }>
  /** `cause` describes the first of them, by its position and without a value. */
  | Of<'vehicle_source.entries_left_out', { requestId: string; count: number; cause: string }>
  /** A client sent an authorization request before its owner came (RFC 9126). */
  | Of<'request.pushed', Request & { clientId: string; caller: Caller }>
  /** A client registered itself (RFC 7591). `isPending`: an operator must approve it. */
  | Of<'registration.received', Request & { clientId: string; caller: Caller; isPending: boolean }>
  /** A client asked to become something else (RFC 7592). `isPending`: an operator must approve it. */
  | Of<'registration.changed', Request & { clientId: string; caller: Caller; isPending: boolean }>
  /** A client ended its registration. */
  | Of<'registration.ended', Request & { clientId: string; caller: Caller }>
  | Of<'client_token.issued', Request & { clientId: string; caller: Caller }>
  /** For the grant that the client's registration names, without a refresh token. */
  | Of<'personal_token.issued', GrantRequest>
  | Of<
      'grant.revoked',
      GrantChange & { cause: 'operator' | 'replay' | 'code_replay' | 'client' | 'owner' | 'disconnected' }
    >
  | Of<'grant.reinstated', GrantChange>
  | Of<'client.refused', Request & { clientId?: string | undefined; reason: ClientReason; caller: Caller }>
  /** An assertion without its type, which the policy of the client allows (`untypedAssertions`). */
  | Of<'client.assertion_untyped', Request & { clientId: string; caller: Caller }>
  /** The keys that a client publishes could not be fetched. `isUsable`: those that were fetched before are used meanwhile. */
  | Of<'client.keys_unavailable', { clientId: string; cause: string; isUsable: boolean }>
  /** Reported once per bucket and minute, with the counts since the last report; `clientId` where it is known. */
  | Of<
      'client.throttled',
      Request & {
        bucket: 'address' | 'client';
        clientId: string | undefined;
        failures: number;
        refused: number;
        caller: Caller;
      }
    >
  | Of<
      'request.refused',
      Request & {
        clientId?: string | undefined;
        reason: Exclude<RefusalReason, ClientReason>;
        caller: Caller;
      }
    >
  /** Reported once per bucket and minute, with the number of refused visits since the last report. */
  | Of<
      'owners.throttled',
      { requestId: string; bucket: 'address' | 'total'; refused: number; caller: Caller }
    >
  /** Reported once: a proxy names its callers, but `forwardedHops` is 0, so that they all have the address of the proxy. */
  | Of<'forwarding.ignored', { header: 'x-forwarded-for' | 'forwarded'; caller: Caller }>
  /** Reported at most every ten seconds per reason, with their number since the last report and the last caller. */
  | Of<
      'connection.dropped',
      {
        /** Too many requests at once, or an answer that was not taken in time. */
        reason: 'too_many_waiting' | 'answer_unread';
        count: number;
        caller: Caller;
      }
    >
  /** The clock was set. `doubtMs`: by how much what happened before may be younger than it looks. */
  | Of<'clock.jumped', { direction: 'forward' | 'back'; byMs: Millis; doubtMs: Millis }>
  /** At the start, the clock does not fit the newest moment that a server noted in the store. */
  | Of<'clock.contradicted', { direction: 'ahead' | 'behind'; byMs: Millis }>
  /** The machine's clock differs from the database's, which is followed. */
  | Of<'clock.skewed', { direction: 'ahead' | 'behind'; byMs: Millis }>
  /** Nothing is in doubt any more. */
  | Of<'clock.settled', { cause: 'time' | 'stepped_back' | 'database' | 'operator' }>
  | Of<'keys.reloaded', { newestKeyNumber: number }>
  | Of<'keys.missing', { newestKeyNumber: number; registeredKeyNumber: number }>
  /** An operator declared a key compromised; also reported at every start, until the key is retired. */
  | Of<
      'keys.compromised',
      { keyNumber: number; purpose: 'seal' | 'sign' | 'session' | 'webhook' | 'sign-rs256' }
    >
  | Of<'keys.retired', { keyNumber: number; purpose: 'seal' | 'sign' | 'session' | 'webhook' | 'sign-rs256' }>
  | Of<'webhook.delivered', Delivery>
  | Of<'webhook.failed', Delivery & { cause: string; retryInMs: Millis }>
  | Of<'webhook.given_up', Delivery & { cause: string }>
  | Of<'webhook.disabled', Delivery>
  | Of<'webhook.stalled', { cause: string }>
  | Of<'live_events.unavailable', { cause: string }>
  /** So many lines of the log were dropped, because its reader did not read or its disk was full. */
  | Of<'log.dropped', { lines: number }>
  /** So many more events like this one happened in the last minute, and have no line in the log. */
  | Of<'log.left_out', { of: string; reason?: string; clientId?: string; lines: number }>
  | Of<'store.unavailable', { requestId: string; kind: StoreErrorKind; cause: string }>
  | Of<'internal.error', { requestId: string; cause: string }>;

/** Reports a log event. Must not throw and must not wait. */
export type Emit = (event: LogEvent) => void;
