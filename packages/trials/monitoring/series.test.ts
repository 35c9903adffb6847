import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSamples, samplesOf } from '../docs/exposed-metrics.ts';
import type { Sample } from '../docs/exposed-metrics.ts';
import { createChance } from '../support/chance.ts';
import type { Chance } from '../support/chance.ts';
import { monitoredServerFor } from './monitored-server.ts';

const REQUESTS = 10_000;
const AT_ONCE = 100;
/** A part of everything that the stranger chooses. */
const MARK = 'hostile';

const PATHS = [
  '/oauth/token',
  '/oauth/token/',
  '/oauth2/token',
  '/v1/auth/token-refresh',
  '/v1/auth/token',
  '/oauth/revoke',
  '/oauth/introspect',
  '/v2.0/vehicles',
  '/connect',
  '/.well-known/oauth-authorization-server',
] as const;
const METHODS = ['POST', 'POST', 'POST', 'GET', 'DELETE', 'OPTIONS', MARK] as const;

/** A request of a stranger who chooses every name that a series could take from it. */
const hostileRequest = (chance: Chance) => {
  const word = (): string => `${MARK}-${chance.integer(0, 2 ** 31)}`;
  const path = chance.pick(PATHS);
  const isJson = chance.isTrue(0.3);
  const fields = {
    grant_type: chance.pick(['refresh_token', 'authorization_code', word()]),
    refresh_token: chance.pick([crypto.randomUUID(), word()]),
    client_id: word(),
    client_secret: word(),
    clientId: word(),
    clientSecret: word(),
    refreshToken: word(),
    scope: word(),
    [word()]: word(),
  };
  return {
    method: chance.pick(METHODS),
    path: chance.isTrue(0.5) ? path : `${path}/${word()}`,
    query: `${word()}=${word()}`,
    headers: {
      host: word(),
      'content-type': isJson ? 'application/json' : 'application/x-www-form-urlencoded',
      'user-agent': word(),
      brand: chance.pick(['kia', word()]),
      origin: `https://${word()}.example`,
      traceparent: word(),
      'x-forwarded-for': word(),
      'x-request-id': word(),
      ...(chance.isTrue(0.5) ? { authorization: `Basic ${btoa(`${word()}:${word()}`)}` } : {}),
    },
    body: Buffer.from(isJson ? JSON.stringify(fields) : String(new URLSearchParams(fields))),
  };
};

const nameOf = ({ name, labels }: Sample): string =>
  `${name} ${[...labels].map(([label, value]) => `${label}=${value}`).join(' ')}`;

test(`${REQUESTS} requests with names of a stranger's choice add no time series`, async (t) => {
  const { server, adminUrl } = await monitoredServerFor(t);
  const read = async (): Promise<readonly Sample[]> => {
    const text = await (await fetch(`${adminUrl}/metrics`)).text();
    assert.ok(!text.includes(MARK));
    // Those of Node.js name kinds of its own resources, which come and go with the process.
    return readSamples(text).filter(({ name }) => !name.startsWith('nodejs_'));
  };
  const before = await read();
  const chance = createChance(1);
  const statuses = new Set<number>();
  for (let sent = 0; sent < REQUESTS; sent += AT_ONCE)
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        const address = `198.51.${chance.integer(0, 255)}.${chance.integer(0, 255)}`;
        statuses.add((await server.respond(hostileRequest(chance), { address })).status);
      }),
    );
  const after = await read();
  assert.deepEqual(after.map(nameOf), before.map(nameOf));
  // They were not all turned away at the door.
  assert.ok(statuses.has(401) && statuses.has(400) && statuses.has(404), [...statuses].join(' '));
  assert.ok(!statuses.has(500));
  const metric = 'keyfob_token_request_duration_seconds_count';
  const counted = samplesOf(after, { metric, conditions: [] });
  const dialects = counted.filter(({ value }) => value > 0).map(({ labels }) => labels.get('dialect'));
  assert.ok(new Set(dialects).size >= 3, dialects.join(' '));
  assert.ok(counted.every(({ labels, value }) => labels.get('outcome') !== 'failed' || value === 0));
});
