import { KeeperError, StoreError } from '../errors.ts';
import type { Client } from '../providers/clients.ts';
import { isLoopback } from '../providers/clients.ts';
import type { Consent } from '../providers/consent.ts';
import { keptStatus } from '../putting/put-result.ts';
import { preparePut } from '../putting/put.ts';
import type { Tokens } from '../putting/put.ts';
import type { Budget } from '../refresh/budget.ts';
import type { Engine } from '../refresh/engine.ts';
import { checkParams, fillPlaceholders } from '../refresh/write-request.ts';
import type { ConsentHold } from '../stores/consents.ts';
import { sleep } from '../time.ts';
import type { Millis } from '../time.ts';
import { claimConsent, concludeConsent, digestOf, isBusy, mayLeave, waitForOther } from './claim-consent.ts';
import { exchangeCode } from './exchange-code.ts';
import { challengeOf, newState, newVerifier, openTicket, sealTicket } from './ticket.ts';
import { spoolFirstPair } from './spooled-pair.ts';
import type { Ticket } from './ticket.ts';

/** What an owner is asked for. */
export type ConsentWish = {
  /** The connection that the pair will be kept under. */
  readonly name: string;
  readonly scope?: readonly string[];
  /** Parameters of the connection, as `put` takes them. */
  readonly params?: Readonly<Record<string, string>>;
  /** Further members of the authorization request, for example `{ mode: 'simulated' }`. */
  readonly query?: Readonly<Record<string, string>>;
  /** A short text that comes back. */
  readonly note?: string;
};

/** What happened to a connection after the owner came back. */
export type Connected =
  /** The pair is on disk. */
  | { readonly status: 'connected'; readonly name: string; readonly note: string }
  | { readonly status: 'refused'; readonly code: string; readonly note: string }
  /** Not now. The same callback may work in a minute. */
  | { readonly status: 'unavailable'; readonly code: string; readonly note: string }
  /** The code was sent, and no answer came. Only another consent helps: a second use of a code ends what the first one gave. */
  | { readonly status: 'unanswered'; readonly code: string; readonly note: string };

/** The way of an owner to the consent of one client and back. `connectRoutes` makes routes of it. */
export type ConsentFlow = {
  /** Where to send the owner, and what to keep in their browser: the ticket, under the state. */
  begin(wish: ConsentWish): { readonly url: string; readonly state: string; readonly ticket: string };
  /** What a ticket holds; `undefined` for one that is not ours, has ended, or belongs to another state, client or redirect URI. */
  open(state: string, ticket: string): Pick<Ticket, 'name' | 'note'> | undefined;
  /**
   * Exchanges the code and keeps the pair. When it resolves with `connected`, the pair is on disk. The same state again, at any node of
   * the store, gets the same result, and the code is sent once: a second use of a code ends the grant at some providers.
   */
  complete(state: string, ticket: string, code: string): Promise<Connected | undefined>;
};

/** A pair that waits for the store, and where it is on disk. */
type Unsaved = {
  readonly tokens: Tokens;
  readonly spoolId: string | undefined;
  readonly hold: ConsentHold;
};

/** An owner has so long. */
const CONSENT_MS = 10 * 60_000;
/** So many are remembered. */
const REMEMBERED_MAX = 10_000;
const NOTE_MAX = 1200;
const SAVE_AGAIN_MS = 500;

/** The flow of one client. Throws `KeeperError` for what can never work. */
export const createConsentFlow = (
  engine: Engine,
  budget: Budget,
  clientName: string,
  {
    redirectUri,
    onPut,
    refuseSending,
  }: { readonly redirectUri: string; onPut(name: string): void; refuseSending(): void },
): ConsentFlow => {
  const { client, consent } = clientWithConsent(engine, clientName);
  checkRedirectUri(redirectUri);
  const results = new Map<string, Promise<Connected>>();
  /** Pairs that the store refused: when the owner loads the page again, no code is sent. They are in the spool as well. */
  const unsaved = new Map<string, Unsaved>();

  const open = (state: string, sealed: string): Ticket | undefined => {
    const ticket = openTicket(engine.keys, state, sealed, engine.clock.wallMs());
    return ticket?.client === clientName && ticket.redirectUri === redirectUri ? ticket : undefined;
  };

  const connect = async (state: string, ticket: Ticket, code: string): Promise<Connected> => {
    const { name, note } = ticket;
    const before = unsaved.get(state);
    if (before !== undefined) return keep(state, ticket, before);
    const claim = await claimConsent(engine, state, ticket.endsAtMs);
    if (claim.status !== 'claimed') {
      if (claim.outcome !== 'connected') return { status: claim.outcome, code: claim.code, note };
      onPut(name);
      return { status: 'connected', name, note };
    }
    const { hold } = claim;
    const maySend = (): Promise<boolean> => mayLeave(engine, hold, client.provider.exchangeSeconds);
    const exchanged = await exchangeCode(engine, client, { ticket, code, maySend });
    if (exchanged.status === 'exchanged')
      return keep(state, ticket, { tokens: exchanged.tokens, spoolId: undefined, hold });
    await concludeConsent(engine, hold, exchanged);
    return { ...exchanged, note };
  };

  const keep = async (state: string, ticket: Ticket, pair: Unsaved): Promise<Connected> => {
    const { name, note } = ticket;
    const { tokens, spoolId, hold } = pair;
    const digest = digestOf(state);
    try {
      await save(engine, { ticket, tokens, digest, isRetry: unsaved.has(state) });
    } catch (error) {
      if (error instanceof KeeperError && error.code !== 'key_unknown') {
        await concludeConsent(engine, hold, { status: 'refused', code: error.code });
        return { status: 'refused', code: error.code, note };
      }
      // Without a key of the store, this keeper cannot judge the pair: another one, or a later one, can.
      if (!(error instanceof StoreError || error instanceof KeeperError)) throw error;
      forgetOldest(unsaved);
      unsaved.set(state, { ...pair, spoolId: spoolId ?? spoolFirstPair(engine, ticket, tokens, digest) });
      return { status: 'unavailable', code: 'store_unavailable', note };
    }
    if (spoolId !== undefined) engine.spool.remove(spoolId);
    unsaved.delete(state);
    onPut(name);
    return { status: 'connected', name, note };
  };

  /** Waits for another node without a turn of the budget, and asks again when that has ended. */
  const connectOnce = async (state: string, ticket: Ticket, code: string): Promise<Connected> => {
    const endMs = engine.clock.monotonicMs() + engine.timing.callerWaitMs;
    try {
      for (;;) {
        const result = await budget.run(clientName, true, () => connect(state, ticket, code));
        if (!isBusy(result) || !(await waitForOther(engine, state, endMs))) return result;
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      // Nothing was sent: the claim comes first.
      engine.log({ event: 'store.failed', during: 'connect', reason: error.message });
      return { status: 'unavailable', code: 'store_unavailable', note: ticket.note };
    }
  };

  return {
    begin({ name, scope = [], params = {}, query = {}, note = '' }) {
      refuseSending();
      checkParams(client.provider, params);
      if (note.length > NOTE_MAX)
        throw new KeeperError('note_too_long', 'A note is too long', `Use ${NOTE_MAX} characters at most.`);
      const state = newState();
      const verifier = consent.pkce ? newVerifier() : undefined;
      const endsAtMs = engine.clock.wallMs() + CONSENT_MS;
      const ticket: Ticket = { client: clientName, name, params, redirectUri, verifier, endsAtMs, note };
      return {
        url: consentUrl(client, consent, { ticket, state, scope, query }),
        state,
        ticket: sealTicket(engine.keys, state, ticket),
      };
    },
    open,
    async complete(state, sealed, code) {
      const ticket = open(state, sealed);
      if (ticket === undefined) return undefined;
      const known = results.get(state);
      if (known !== undefined) return known;
      refuseSending();
      const result = connectOnce(state, ticket, code);
      forgetOldest(results);
      results.set(state, result);
      const ended = await result;
      // The owner may load the page again: the same code may still work.
      if (ended.status === 'unavailable') results.delete(state);
      engine.log({
        event: 'connect.ended',
        client: clientName,
        outcome: ended.status,
        code: 'code' in ended ? ended.code : 'ok',
      });
      return ended;
    },
  };
};

/** Stores a pair. A store that is away is tried again while the owner waits: their consent was given once. */
const save = async (
  engine: Engine,
  {
    ticket,
    tokens,
    digest,
    isRetry,
  }: {
    readonly ticket: Ticket;
    readonly tokens: Tokens;
    readonly digest: Uint8Array;
    readonly isRetry: boolean;
  },
): Promise<void> => {
  const { clock, store, timing } = engine;
  const prepared = {
    ...preparePut(engine, ticket.name, ticket.client, tokens, { params: ticket.params, isAsCame: true }),
    consent: digest,
  };
  // Since the first try, the connection may have got a later pair. That one stays.
  const put = isRetry ? { ...prepared, issuedAtMs: tokens.obtainedAtMs } : prepared;
  const endMs: Millis = clock.monotonicMs() + timing.callerWaitMs;
  for (;;)
    try {
      const result = await store.put(put);
      return void keptStatus(engine, put, result);
    } catch (error) {
      if (!(error instanceof StoreError) || clock.monotonicMs() > endMs) throw error;
      await sleep(clock, SAVE_AGAIN_MS);
    }
};

const consentUrl = (
  { clientId }: Client,
  { url, fields, constants, pkce }: Consent,
  {
    ticket,
    state,
    scope,
    query,
  }: {
    readonly ticket: Ticket;
    readonly state: string;
    readonly scope: readonly string[];
    readonly query: Readonly<Record<string, string>>;
  },
): string => {
  const target = new URL(url);
  const values = { responseType: 'code', clientId, redirectUri: ticket.redirectUri, state };
  const named = { ...values, ...(scope.length === 0 ? {} : { scope: scope.join(' ') }) };
  for (const [key, value] of Object.entries({ ...query, ...fillPlaceholders(constants, ticket.params) }))
    target.searchParams.set(key, value);
  for (const [field, value] of Object.entries(named)) {
    const key = fields[field as keyof typeof fields];
    if (key !== undefined) target.searchParams.set(key, value);
  }
  if (pkce && ticket.verifier !== undefined) {
    target.searchParams.set('code_challenge', challengeOf(ticket.verifier));
    target.searchParams.set('code_challenge_method', 'S256');
  }
  return target.href;
};

const clientWithConsent = (engine: Engine, name: string): { client: Client; consent: Consent } => {
  const client = engine.clients.get(name);
  if (client === undefined)
    throw new KeeperError(
      'client_unknown',
      `There is no client "${name}"`,
      `Use one of: ${[...engine.clients.keys()].join(', ')}.`,
    );
  const { consent } = client.provider;
  if (consent === undefined)
    throw new KeeperError(
      'consent_unknown',
      `Where owners consent to ${client.provider.name} is not known`,
      'Give authorizeUrl to the client, or consent to defineProvider.',
    );
  return { client, consent };
};

const checkRedirectUri = (redirectUri: string): void => {
  if (
    URL.canParse(redirectUri) &&
    !redirectUri.includes('#') &&
    (redirectUri.startsWith('https://') || isLoopback(redirectUri))
  )
    return;
  throw new KeeperError(
    'redirect_uri_invalid',
    `The redirect URI "${redirectUri}" cannot be used`,
    'Give the absolute https URL of the callback, as it is registered at the provider; http only for this machine.',
  );
};

const forgetOldest = (remembered: Map<string, unknown>): void => {
  if (remembered.size < REMEMBERED_MAX) return;
  const [oldest] = remembered.keys();
  if (oldest !== undefined) remembered.delete(oldest);
};
