import type { Client, ClientSecret } from '../clients/client.ts';
import type { ClientChange } from '../clients/change.ts';
import type { Policy } from '../clients/policy.ts';
import type { Caller } from '../log-event.ts';
import type { GrantId } from '../tokens/grant-id.ts';
import type { AuthorizationCode, CodeVerdict, PresentedCode } from './authorization-code.ts';
import type { Claim, ClaimedDelivery, Delivery, DeliveryState, Settlement } from '../outbox/delivery.ts';
import type { GrantEvent } from '../outbox/grant-event.ts';
import type { Grant, RevocationCause } from './grant.ts';
import type { ImportedGrant, ImportOutcome } from './imported-grant.ts';
import type { Presented, Verdict } from './judge.ts';
import type { Replay, ReplayRecord } from './replay.ts';
import type { Vehicle } from './vehicle.ts';
import type { Webhook } from '../outbox/webhook.ts';

/** One presentation of a refresh token, as the store gets it. */
export type RefreshUse = {
  readonly presented: Presented;
  /** Integer milliseconds. */
  readonly nowMs: number;
  /** The key that would seal a successor. */
  readonly keyNumber: number;
  readonly caller: Caller;
  readonly requestId: string;
};

export type RefreshResult = {
  readonly verdict: Verdict;
  /** As the verdict left it; `undefined` where there is none. */
  readonly grant: Grant | undefined;
  /** The client's policy as the verdict saw it. */
  readonly policy: Policy;
  /** The evidence, where the verdict is `replay`. */
  readonly replay: Replay | undefined;
};

/** One presentation of an authorization code, as the store gets it. */
export type CodeUse = Omit<RefreshUse, 'presented'> & { readonly presented: PresentedCode };

export type CodeResult = {
  readonly verdict: CodeVerdict;
  /** As the verdict left it; `undefined` where there is none. */
  readonly grant: Grant | undefined;
  /** Whether this very use ended the grant: of several replays only the first does. */
  readonly hasRevoked: boolean;
  /** The client's policy as the verdict saw it. */
  readonly policy: Policy;
};

/**
 * Makes the tokens that the result of a use gives, if any. As long as it has not, and if it fails, the use counts as not
 * answered, so that its retry is a repeat.
 */
export type Issue<Result> = (result: Result) => Promise<void>;

/** When something is done, and at whose request. */
export type AuditContext = {
  /** Integer milliseconds. */
  readonly nowMs: number;
  /** `undefined` for what an operator does. */
  readonly requestId: string | undefined;
};

/** What is registered of a key of the ring: enough to notice that a ring is not the one that sealed these grants. */
export type RegisteredKey = {
  readonly number: number;
  readonly createdAt: number;
  readonly fingerprint: string;
};

/** A client and the newest registered key, read together so that a rotated key is noticed by the very next request. */
export type ClientReading = { readonly client: Client | undefined; readonly newestKeyNumber: number };

/** A page of a list: what follows `after` in the order of ids, at most `limit`. */
export type Page = { readonly after?: GrantId | undefined; readonly limit: number };

/**
 * Where clients and grants are kept. Every verb is one atomic step, durable on disk when its promise resolves, and
 * decided on the primary. A verb that fails throws `StoreError` and nothing else: `unavailable` where nothing was
 * changed, `outcome_unknown` where the answer to a commit was lost.
 */
export type Store = {
  /**
   * Judges the presented refresh token (`judge`) and applies the verdict, on the grant's own row. `client_gone`: the
   * client was disabled or removed since it was authenticated. Rejects with what `issue` throws.
   */
  refresh(use: RefreshUse, issue?: Issue<RefreshResult>): Promise<RefreshResult | 'client_gone'>;
  createGrant(grant: Grant): Promise<'created' | 'client_unknown' | 'id_taken'>;
  readGrant(id: GrantId): Promise<Grant | undefined>;
  /** The last replay of a grant; `undefined` where there was none. */
  readReplay(id: GrantId): Promise<ReplayRecord | undefined>;
  /** In the order of ids; `clientId` narrows it to one client. */
  listGrants(page: Page & { readonly clientId?: string | undefined }): Promise<readonly Grant[]>;
  revoke(
    id: GrantId,
    revocation: {
      readonly at: number;
      readonly cause: RevocationCause;
      /** Of the request that asked for it; `undefined` for an operator's. */
      readonly requestId?: string | undefined;
    },
  ): Promise<'revoked' | 'revoked_before' | 'unknown'>;
  /**
   * Makes grants whose first refresh token was issued elsewhere, all that can be made in one step, with their vehicles
   * and as their owners' consents. Answers what became of each, in order.
   */
  importGrants(batch: readonly ImportedGrant[]): Promise<readonly ImportOutcome[]>;
  /** The grants that imported tokens stand for, by the SHA-256 of each token, in order. */
  findImported(digests: readonly Uint8Array[]): Promise<readonly (Grant | undefined)[]>;
  /**
   * Removes grants that ended before `endedBefore` (integer seconds), of the `limit` that follow `after`, and of the
   * others what is kept of imported tokens that expired before it. Answers how many grants, and where to go on;
   * `undefined` at the end.
   */
  prune(
    page: Page & { readonly endedBefore: number },
  ): Promise<{ readonly pruned: number; readonly next: GrantId | undefined }>;
  /** Undoes a revocation at `at` (integer seconds): the newest refresh token works again. */
  reinstate(id: GrantId, at: number): Promise<'reinstated' | 'not_revoked' | 'unknown'>;

  /** Keeps what an owner agreed to until its client comes for it, and drops codes that are long over. */
  createCode(code: AuthorizationCode): Promise<'created' | 'client_unknown' | 'id_taken'>;
  /**
   * Judges the presented code (`judgeCode`) and applies the verdict: makes the grant with its vehicles, or revokes the
   * one that was made. `client_gone`: the client was disabled or removed since it was authenticated. Rejects
   * with what `issue` throws.
   */
  redeemCode(use: CodeUse, issue?: Issue<CodeResult>): Promise<CodeResult | 'client_gone'>;
  /** What a grant covers, in the order of ids; empty for one made without an owner's choice. */
  listVehicles(id: GrantId): Promise<readonly Vehicle[]>;
  /** Replaces what a grant covers by an owner's new choice. */
  selectVehicles(
    id: GrantId,
    vehicles: readonly Vehicle[],
    auditContext: AuditContext,
  ): Promise<'selected' | 'unknown' | 'revoked'>;
  /**
   * Takes vehicles, by id, or `all` out of a grant, and answers which they were. With `endsWhenEmpty` a grant that
   * covers none any more is revoked (`disconnected`).
   */
  disconnectVehicles(
    id: GrantId,
    vehicleIds: readonly string[] | 'all',
    auditContext: AuditContext & { readonly endsWhenEmpty: boolean },
  ): Promise<{ readonly disconnected: readonly Vehicle[]; readonly isRevoked: boolean } | 'unknown'>;
  /** The grants that an owner gave by consent, in the order of ids. */
  listConsents(subject: string, page: Page): Promise<readonly Grant[]>;
  /** What happened to grants, after a sequence number, oldest first. */
  listGrantEvents(
    page: { readonly after: number; readonly limit: number } & {
      readonly grantId?: GrantId | undefined;
      readonly clientId?: string | undefined;
    },
  ): Promise<readonly GrantEvent[]>;
  /**
   * Removes grant events from before a moment with their deliveries, of the `limit` oldest; those that a delivery still waits
   * for are left. Answers how many.
   */
  dropGrantEvents(page: { readonly beforeMs: number; readonly limit: number }): Promise<number>;

  /** From now on, every grant event that the webhook wants is kept together with a delivery to it. */
  createWebhook(webhook: Webhook): Promise<'created' | 'id_taken' | 'too_many'>;
  /** In the order of their making. */
  listWebhooks(): Promise<readonly Webhook[]>;
  /** Removes a webhook and its deliveries. */
  removeWebhook(id: string): Promise<'removed' | 'unknown'>;
  /** Takes deliveries that are due; nobody else gets them before their lease ends. */
  claimDeliveries(claim: Claim): Promise<readonly ClaimedDelivery[]>;
  /**
   * Keeps what came of an attempt. `lost`: nothing was changed, because the lease had ended and another has it, or it is
   * over. That it was delivered counts even so.
   */
  settleDelivery(
    held: { readonly webhookId: string; readonly sequence: number; readonly attempts: number },
    settlement: Settlement,
  ): Promise<'settled' | 'lost'>;
  /** Newest grant event first. */
  listDeliveries(page: {
    readonly webhookId?: string | undefined;
    readonly states: readonly DeliveryState[];
    readonly limit: number;
  }): Promise<readonly Delivery[]>;
  /** How many deliveries are neither delivered nor given up. */
  countDeliveriesWaiting(): Promise<number>;
  /** Makes all that a webhook was not told yet due at once, what was given up included. Answers how many. */
  retryDeliveries(webhookId: string, nowMs: number): Promise<number>;

  createClient(client: Client): Promise<'created' | 'id_taken'>;
  readClient(id: string): Promise<ClientReading>;
  listClients(): Promise<readonly Client[]>;
  /** Changes a client; where its policy would not be one, nothing is changed and the faults are told. */
  changeClient(
    id: string,
    change: ClientChange,
  ): Promise<'changed' | 'unknown' | { readonly faults: readonly string[] }>;
  /** Removes a client, and with `withGrants` its grants; without, a client that has any is left as it is. */
  removeClient(
    id: string,
    options: { readonly withGrants: boolean },
  ): Promise<'removed' | 'unknown' | 'has_grants'>;
  countGrants(clientId?: string): Promise<number>;
  addSecret(clientId: string, secret: ClientSecret): Promise<'added' | 'unknown'>;
  /** Removes a secret; with `keepLast` not the only one, without which the client would be locked out. */
  removeSecret(
    clientId: string,
    secretId: string,
    options?: { readonly keepLast: boolean },
  ): Promise<'removed' | 'unknown' | 'last'>;
  /**
   * Notes when a secret was used last, at `at` (integer seconds); a use within an hour of the noted one, or of a secret that
   * is gone, changes nothing. To a client this is no change.
   */
  noteSecretUse(secretId: string, at: number): Promise<void>;

  /** Newest first. */
  listKeys(): Promise<readonly RegisteredKey[]>;
  registerKey(key: RegisteredKey): Promise<void>;
  close(): Promise<void>;
};
