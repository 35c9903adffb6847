import type { Emit, LogEvent } from '@keyfob/server';
import { createClientSecret, digestSecret } from '@keyfob/server/clients';
import type { Client, Policy } from '@keyfob/server/clients';
import { dialectOf, DIALECTS } from '@keyfob/server/dialects';
import { StoreError } from '@keyfob/server/errors';
import { issueTokens } from '@keyfob/server/grants';
import type { Grant, TokenAnswer } from '@keyfob/server/grants';
import { createKeyLine, parseKeyRing } from '@keyfob/server/tokens';
import { createEndpoints, createResourceServerRoutes } from '@keyfob/server/wire';
import type { Endpoints, WireResponse } from '@keyfob/server/wire';
import { testRandomness } from '../support/test-randomness.ts';
import { CREATED_AT, sampleClient, sampleGrant } from '../support/samples.ts';
import { createAuthentication } from '../support/authentication.ts';
import { createMemoryStore } from '../support/memory-store/store.ts';
import type { FixtureDialect } from '../support/dialect-name.ts';

export const ISSUER = 'https://fob.example';

/** A client with its secret at hand. */
export type KnownClient = { readonly client: Client; readonly secret: string };

/** An answer with its body read. */
export type Answer = Omit<WireResponse, 'body'> & {
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
};

/** The state of the store: its verbs run, are refused, or run and their answer is lost. */
type StoreFault = 'here' | StoreError['kind'];

/** The endpoints over plain values, on a store that can be away, with a clock that is moved by hand. */
export const createResourceTrial = ({ issuer = ISSUER } = {}) => {
  let nowMs = (CREATED_AT + 3600) * 1000;
  let storeFault: StoreFault = 'here';
  let serial = 0;
  const events: LogEvent[] = [];
  const lines = [createKeyLine(1, CREATED_AT)];
  let ring = parseKeyRing(lines.join('\n'));
  const memory = createMemoryStore();
  const store = memory.through(async (_verb, work) => {
    if (storeFault === 'unavailable') throw new StoreError(storeFault, 'the store of the trial is away');
    const result = work();
    if (storeFault === 'outcome_unknown')
      throw new StoreError(storeFault, 'the answer of the store was lost');
    return result;
  });
  const emit: Emit = (event) => void events.push(event);
  const context = {
    store,
    authentication: createAuthentication(store, emit),
    get keyRing() {
      return ring;
    },
    noticeKey(newest: number) {
      if (newest > ring.newest.number) ring = parseKeyRing(lines.join('\n'));
      return newest > ring.newest.number;
    },
    nextSerial: () => serial++,
    clock: () => nowMs,
    randomness: testRandomness,
    emit,
    issuer,
  };
  const endpoints = createEndpoints(context, [createResourceServerRoutes(context)]);
  let made = 0;

  const send = senderOf(endpoints);

  return {
    events,
    context,
    memory,
    passSeconds: (seconds: number) => void (nowMs += seconds * 1000),
    nowSeconds: () => Math.floor(nowMs / 1000),
    setStore: (next: StoreFault) => void (storeFault = next),
    /** Adds a key; the ring is read again when the store names it, or never if it is `kept`. */
    async rotateKeys({ isKept = false } = {}) {
      const number = ring.newest.number + 1;
      const createdAt = Math.floor(nowMs / 1000);
      if (!isKept) lines.push(createKeyLine(number, createdAt));
      await memory.registerKey({ number, createdAt, fingerprint: String(number) });
    },
    async register(
      dialect: FixtureDialect,
      { policy = {}, ...more }: Partial<Omit<Client, 'policy'>> & { readonly policy?: Partial<Policy> } = {},
    ): Promise<KnownClient> {
      const secret = createClientSecret(testRandomness);
      const digest = digestSecret(secret);
      const id = `${dialect}-${++made}`;
      const createdAt = CREATED_AT;
      const kept = { id, name: 'first', digest, createdAt, expiresAt: undefined, lastUsedAt: undefined };
      const client = sampleClient({
        id,
        dialect,
        secrets: more.type === 'public' ? [] : [kept],
        policy: { ...DIALECTS[dialect].defaultPolicy, ...policy },
        ...more,
      });
      await memory.createClient(client);
      return { client, secret };
    },
    /** Makes a grant and its first pair of tokens, at this moment. */
    async grant({ client }: KnownClient, more: Partial<Grant> = {}): Promise<TokenAnswer & { grant: Grant }> {
      const createdAt = Math.floor(nowMs / 1000);
      const id = BigInt(++made);
      const grant = sampleGrant({ id, clientId: client.id, createdAt, ...more });
      await memory.createGrant(grant);
      const { shapes } = dialectOf(client);
      return { ...(await issueTokens(context, shapes, grant, client.policy, nowMs)), grant };
    },
    /** The next pair, by the token endpoint of the client's dialect. */
    async refresh({ client, secret }: KnownClient, refreshToken: string): Promise<Answer> {
      if (client.dialect === 'pleos') {
        const words = JSON.stringify({ clientId: client.id, clientSecret: secret, refreshToken });
        return send('POST', '/v1/auth/token-refresh', { brand: 'kia' }, words);
      }
      return send(
        'POST',
        '/oauth/token',
        { 'content-type': 'application/x-www-form-urlencoded', authorization: basic({ client, secret }) },
        new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }).toString(),
      );
    },
    get: (path: string) => send('GET', path, {}, ''),
    send,
    /** Posts a form, by default with HTTP Basic where a client is named. */
    post: (
      path: string,
      form: Readonly<Record<string, string>>,
      by?: KnownClient,
      headers: Readonly<Record<string, string>> = {},
    ) =>
      send(
        'POST',
        path,
        {
          'content-type': 'application/x-www-form-urlencoded',
          ...(by === undefined ? {} : { authorization: basic(by) }),
          ...headers,
        },
        new URLSearchParams(form).toString(),
      ),
  };
};

/** Sends a request without a socket, and reads the answer. */
const senderOf =
  (endpoints: Endpoints) =>
  async (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ): Promise<Answer> => {
    const request = { method, path, query: '', headers, body: Buffer.from(body) };
    const caller = { address: '192.0.2.7', userAgent: 'trial/1' };
    const { body: text, ...rest } = await endpoints.respond(request, caller);
    const isJson = rest.headers['Content-Type'] === 'application/json';
    return { ...rest, text, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
  };

/** The header of HTTP Basic. */
export const basic = ({ client, secret }: KnownClient): string =>
  `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`;

export type ResourceTrial = ReturnType<typeof createResourceTrial>;
