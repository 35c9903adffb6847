import type { RefusalReason } from './errors.ts';

/** Who sent a request: where from, and what it called itself. */
export type Caller = { readonly address: string; readonly userAgent: string };

type Of<Name extends string, GrantEvents> = { readonly event: Name } & Readonly<GrantEvents>;
type Request = { requestId: string; dialect: string };
type Redemption = Request & { clientId: string; grantId: string; caller: Caller };
type Delivery = {
  webhookId: string;
  grantEventId: string;
  kind: string;
  grantId: string;
  clientId: string;
  /** Of the request that made the grant event; `undefined` for what an operator did. */
  requestId: string | undefined;
  attempts: number;
  /** The HTTP status of the answer; `undefined` where none came. */
  status: number | undefined;
  tookMs: number;
};
type Use = Request & { clientId: string; grantId: string; generation: number; caller: Caller };

/** Why an owner could not be signed in. */
export type SignInFailure =
  /** There is neither a provider nor a demo. */
  | 'not_configured'
  /** The provider could not be reached, or says that it cannot serve. */
  | 'provider_unavailable'
  /** The provider says no, or the owner said so there. */
  | 'provider_refused'
  /** The provider's answer is not one that it could have given to this browser's request. */
  | 'answer_invalid'
  /** The browser did not bring back what it was given, or too late. */
  | 'stale';

/**
 * Everything that can be told of a running server: a closed union of grant events. None carries a token, a secret or a
 * part of one. Ids are as people see them (`grantId` in 16 hexadecimal digits).
 */
export type LogEvent =
  | Of<'server.listening', { url: string }>
  | Of<'server.stopping', { openRequests: number }>
  | Of<'refresh.rotated', Use>
  | Of<'refresh.repeated', Use & { cause: string }>
  | Of<'refresh.resynced', Use & { lostGenerations: number }>
  | Of<
      'refresh.refused',
      Request & { clientId: string; grantId?: string; reason: RefusalReason; caller: Caller }
    >
  | Of<
      'refresh.replayed',
      Use & {
        gap: number;
        sinceRotationMs: number | undefined;
        rotatedBy: Caller | undefined;
        looksLike: 'lost_answer' | 'theft';
        response: 'revoke' | 'refuse' | 'observe';
      }
    >
  | Of<'code.redeemed', Redemption>
  | Of<'code.repeated', Redemption>
  | Of<'code.replayed', Redemption>
  | Of<
      'code.refused',
      Request & { clientId: string; grantId?: string; reason: RefusalReason; caller: Caller }
    >
  | Of<'vehicles.disconnected', Redemption & { count: number }>
  | Of<'owner.signed_in', { requestId: string; method: 'simulated' | 'upstream'; caller: Caller }>
  | Of<'sign_in.failed', { requestId: string; reason: SignInFailure; cause: string; caller: Caller }>
  | Of<'consent.given', Redemption & { vehicles: number }>
  | Of<'consent.declined', Request & { clientId: string; grantId?: string; reason: string; caller: Caller }>
  | Of<'vehicle_source.unavailable', { requestId: string; cause: string }>
  | Of<'client_token.issued', Request & { clientId: string; caller: Caller }>
  | Of<'grant.revoked', { requestId: string; grantId: string; clientId: string; cause: string }>
  | Of<'client.refused', Request & { clientId?: string | undefined; reason: RefusalReason; caller: Caller }>
  /** Told once for each bucket and minute. Counts what came since it was told last; `clientId` where that is known. */
  | Of<
      'client.throttled',
      Request & {
        bucket: 'address' | 'client' | 'pair';
        clientId: string | undefined;
        failures: number;
        refused: number;
        caller: Caller;
      }
    >
  | Of<'request.refused', Request & { clientId?: string | undefined; reason: RefusalReason; caller: Caller }>
  | Of<'keys.reloaded', { newestKeyNumber: number }>
  | Of<'keys.missing', { newestKeyNumber: number; registeredKeyNumber: number }>
  | Of<'webhook.delivered', Delivery>
  | Of<'webhook.failed', Delivery & { cause: string; retryInMs: number }>
  | Of<'webhook.given_up', Delivery & { cause: string }>
  | Of<'webhook.disabled', Delivery>
  | Of<'webhook.stalled', { cause: string }>
  | Of<'live_events.unavailable', { cause: string }>
  | Of<'store.unavailable', { requestId: string; kind: 'unavailable' | 'outcome_unknown'; cause: string }>
  | Of<'internal.error', { requestId: string; cause: string }>;

/** Tells a grant event. Must not throw and must not wait. */
export type Emit = (event: LogEvent) => void;
