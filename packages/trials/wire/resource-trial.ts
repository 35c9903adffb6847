import type { Emit, LogEvent } from '@keyfob/server';
import { createClientSecret, digestSecret } from '@keyfob/server/clients';
import type { Client, Policy } from '@keyfob/server/clients';
import { dialectOf, DIALECTS } from '@keyfob/server/dialects';
import { StoreError } from '@keyfob/server/errors';
import { issueTokens, toSeconds } from '@keyfob/server/grants';
import type { ClockDoubt, Grant, TokenAnswer } from '@keyfob/server/grants';
import {
  createKeyLine,
  createKeyLines,
  parseKeyRing,
  registrationOf,
  withRegistrations,
} from '@keyfob/server/tokens';
import type { RegisteredKey } from '@keyfob/server/tokens';
import { createEndpoints, createResourceServerRoutes } from '@keyfob/server/wire';
import type { RouteTable, WireResponse } from '@keyfob/server/wire';
import { assertDescribed, findOperation } from '../openapi/described.ts';
import { testRandomness } from '../support/test-randomness.ts';
import { CREATED_AT, CREATED_AT_MS, sampleClient, sampleGrant, sampleSecret } from '../support/samples.ts';
import { createAuthentication } from '../support/authentication.ts';
import { RESOURCE_RULES } from '../support/resource-rules.ts';
import { createMemoryStore } from '../support/memory-store/store.ts';
import type { FixtureDialect } from '../support/dialect-name.ts';

export const ISSUER = 'https://fob.example';

/** A client together with its secret. */
export type KnownClient = { readonly client: Client; readonly secret: string };

/** A response with its parsed body. */
export type Answer = Omit<WireResponse, 'body'> & {
  readonly text: string;
  readonly body: Readonly<Record<string, unknown>>;
};

/** The state of the store: its verbs run, are refused, or run but lose their results. */
type StoreState = 'available' | StoreError['kind'];

/** The endpoints over plain values, on a store that can be unavailable, with a manual clock. */
export const createResourceTrial = ({ issuer = ISSUER } = {}) => {
  let storeState: StoreState = 'available';
  const time = createManualClock();
  let serial = 0;
  const events: LogEvent[] = [];
  const lines = [createKeyLines(1, CREATED_AT)];
  let ring = parseKeyRing(lines.join('\n'));
  const memory = createMemoryStore();
  const store = memory.through(async (_verb, work) => {
    if (storeState === 'unavailable')
      throw new StoreError(storeState, 'the store of the trial is unavailable');
    const result = work();
    if (storeState === 'outcome_unknown')
      throw new StoreError(storeState, 'the result of the store was lost');
    return result;
  });
  const emit: Emit = (event) => void events.push(event);
  const context = {
    store,
    authentication: createAuthentication(store, emit, time.doubt),
    get keyRing() {
      return ring;
    },
    noticeKeys(registered: readonly RegisteredKey[]) {
      ring = withRegistrations(parseKeyRing(lines.join('\n')), registered);
      return registered.some(({ number }) => number > ring.newestNumber);
    },
    nextSerial: () => serial++,
    clock: time.clock,
    doubt: time.doubt,
    randomness: testRandomness,
    emit,
    issuer,
  };
  const endpoints = createEndpoints(context, [createResourceServerRoutes(context, RESOURCE_RULES)]);
  let count = 0;

  const send = senderOf(endpoints);

  return {
    events,
    context,
    memory,
    advanceSeconds: time.advanceSeconds,
    jumpSeconds: time.jumpSeconds,
    nowSeconds: () => toSeconds(time.clock()),
    setStore: (next: StoreState) => void (storeState = next),
    /** Registers a new key of every purpose, or one that signs by RS256. The key ring gets them when the store names them, or never if `isMissing`. */
    async rotateKeys({ isMissing = false, isRsa = false } = {}) {
      const [number, createdAt] = [ring.newestNumber + 1, toSeconds(time.clock())];
      const added = isRsa
        ? createKeyLine(number, 'sign-rs256', createdAt)
        : createKeyLines(number, createdAt);
      if (!isMissing) lines.push(added);
      const ringAfter = parseKeyRing([...lines, ...(isMissing ? [added] : [])].join('\n'));
      for (const key of ringAfter.keys)
        if (key.number >= number) await memory.registerKey(registrationOf(key));
    },
    async register(
      dialect: FixtureDialect,
      { policy = {}, ...more }: Partial<Omit<Client, 'policy'>> & { readonly policy?: Partial<Policy> } = {},
    ): Promise<KnownClient> {
      const secret = createClientSecret(testRandomness);
      const digest = digestSecret(secret);
      const id = `${dialect}-${++count}`;
      const kept = sampleSecret(id, { name: 'first', digest });
      const client = sampleClient({
        id,
        dialect,
        secrets: more.type === 'public' ? [] : [kept],
        policy: { ...DIALECTS[dialect].defaultPolicy, grantScope: 'read_odometer read_charge', ...policy },
        ...more,
      });
      await memory.createClient(client);
      return { client, secret };
    },
    /** Creates a grant and its first tokens at the current time. */
    async grant({ client }: KnownClient, more: Partial<Grant> = {}): Promise<TokenAnswer & { grant: Grant }> {
      const id = BigInt(++count);
      const grant = sampleGrant({ id, clientId: client.id, createdAtMs: time.clock(), ...more });
      await memory.createGrant(grant);
      const { shapes } = dialectOf(client);
      return { ...(await issueTokens(context, shapes, grant, client.policy, time.clock())), grant };
    },
    refresh: refresherOf(send),
    get: (path: string) => send('GET', path, {}, ''),
    send,
    /** Posts a form, with HTTP Basic if `by` names a client. */
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

const createManualClock = () => {
  let nowMs = CREATED_AT_MS + 3_600_000;
  let doubt: ClockDoubt | undefined;
  return {
    clock: () => nowMs,
    doubt: () => doubt,
    advanceSeconds: (seconds: number) => void (nowMs += seconds * 1000),
    /** Sets the clock forward, so that everything until now may be younger than it looks. */
    jumpSeconds(seconds: number): void {
      nowMs += seconds * 1000;
      doubt = { beforeMs: nowMs, byMs: seconds * 1000 };
    },
  };
};

/** Refreshes at the token endpoint of the client's dialect, optionally for a part of the scope. */
const refresherOf =
  (send: ReturnType<typeof senderOf>) =>
  async ({ client, secret }: KnownClient, refreshToken: string, scope?: string): Promise<Answer> => {
    if (client.dialect === 'pleos') {
      const words = JSON.stringify({ clientId: client.id, clientSecret: secret, refreshToken });
      return send('POST', '/v1/auth/token-refresh', { brand: 'kia' }, words);
    }
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken });
    if (scope !== undefined) form.set('scope', scope);
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: basic({ client, secret }),
    };
    return send('POST', '/oauth/token', headers, form.toString());
  };

/** Sends a request without a socket, and parses the response, which must be as `/openapi.json` describes it. */
const senderOf =
  (endpoints: RouteTable) =>
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
    const parsed = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
    const operation = findOperation(method, path);
    if (operation !== undefined) assertDescribed(operation, { ...rest, body: isJson ? parsed : text });
    return { ...rest, text, body: parsed };
  };

/** The value of the HTTP Basic header. */
export const basic = ({ client, secret }: KnownClient): string =>
  `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`;

export type ResourceTrial = ReturnType<typeof createResourceTrial>;
