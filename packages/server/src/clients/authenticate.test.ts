import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal, StoreError } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import { authenticate } from './authenticate.ts';
import type { Credentials } from './authenticate.ts';
import type { Client, DialectName } from './client.ts';
import { digestSecret } from './secret.ts';

const NOW = 1_750_000_000;

const client = (id: string, secrets: readonly string[], more: Partial<Client> = {}): Client => ({
  id,
  dialect: 'smartcar',
  name: id,
  policy: {
    refreshTokenLifetimeSeconds: 3600,
    accessTokenLifetimeSeconds: 600,
    rotation: 'overlap',
    overlapSeconds: 60,
    raceSeconds: 10,
    onReplay: 'revoke',
    grantLifetimeSeconds: null,
    resyncGenerations: 1024,
    requireUserAgent: true,
    tellRefreshExpiry: false,
    deadTokenCode: '4002',
    accessTokenFormat: 'opaque',
    clientCredentials: false,
  },
  type: 'confidential',
  redirectUris: [],
  consentRedirectUri: undefined,
  createdAt: NOW - 1000,
  disabledAt: undefined,
  secrets: secrets.map((secret) => ({
    id: secret,
    name: secret,
    digest: digestSecret(secret),
    createdAt: NOW - 1000,
    expiresAt: secret.startsWith('expired') ? NOW : undefined,
    lastUsedAt: undefined,
  })),
  ...more,
});

const LONGEST_ID = 'i'.repeat(256);
const TOO_LONG_ID = 'i'.repeat(257);

const CLIENTS: ReadonlyMap<string, Client> = new Map(
  [
    client('app', ['secret', 'expired secret']),
    client('app two', ['other secret']),
    client('a+b', ['raw%21']),
    client('pleos-app', ['secret'], { dialect: 'pleos' }),
    client('stopped', ['secret'], { disabledAt: NOW - 1 }),
    client('stopped pleos-app', ['secret'], { dialect: 'pleos', disabledAt: NOW - 1 }),
    client('bare', []),
    client(LONGEST_ID, ['secret']),
    client(TOO_LONG_ID, ['secret']),
  ].map((row) => [row.id, row]),
);

type Reading = { readonly client: Client | undefined };

const read = (clientId: string): Promise<Reading> => Promise.resolve({ client: CLIENTS.get(clientId) });

const say = (clientId: string, clientSecret: string): Credentials => ({ clientId, clientSecret });

const CASES: readonly {
  name: string;
  readings: readonly Credentials[];
  dialect?: DialectName;
  /** The id of the client, or why there is none. */
  outcome: { readonly clientId: string } | RefusalReason;
}[] = [
  {
    name: 'a client with its secret is let in',
    readings: [say('app', 'secret')],
    outcome: { clientId: 'app' },
  },
  {
    name: 'a client with another secret is refused',
    readings: [say('app', 'guess')],
    outcome: 'client_secret_wrong',
  },
  {
    name: 'a client with the secret of another client is refused',
    readings: [say('app', 'other secret')],
    outcome: 'client_secret_wrong',
  },
  {
    name: 'a client with an expired secret is refused',
    readings: [say('app', 'expired secret')],
    outcome: 'client_secret_wrong',
  },
  {
    name: 'a client without its secret is refused',
    readings: [say('app', '')],
    outcome: 'client_secret_wrong',
  },
  {
    name: 'a client that has no secret yet is refused',
    readings: [say('bare', '')],
    outcome: 'client_secret_wrong',
  },
  {
    name: 'an unknown client is refused',
    readings: [say('nobody', 'secret')],
    outcome: 'client_unknown',
  },
  {
    name: 'an id that differs in case is unknown',
    readings: [say('APP', 'secret')],
    outcome: 'client_unknown',
  },
  {
    name: 'nobody at all is refused',
    readings: [],
    outcome: 'client_unknown',
  },
  {
    name: 'a client that form-encodes is let in by the first reading',
    readings: [say('app two', 'other secret'), say('app+two', 'other+secret')],
    outcome: { clientId: 'app two' },
  },
  {
    name: 'a client that sends both halves raw is let in by the second reading',
    readings: [say('a b', 'raw!'), say('a+b', 'raw%21')],
    outcome: { clientId: 'a+b' },
  },
  {
    name: 'a client whose raw secret only looks encoded is let in by the second reading',
    readings: [say('a+b', 'raw!'), say('a+b', 'raw%21')],
    outcome: { clientId: 'a+b' },
  },
  {
    name: 'a known client with a wrong secret in both readings is refused for its secret',
    readings: [say('app', 'guess!'), say('app', 'guess%21')],
    outcome: 'client_secret_wrong',
  },
  {
    name: 'a client known in the first reading only is refused for its secret',
    readings: [say('app', 'guess'), say('nobody', 'guess')],
    outcome: 'client_secret_wrong',
  },
  {
    name: 'a client known in the second reading only is refused for its secret',
    readings: [say('nobody', 'guess'), say('app', 'guess')],
    outcome: 'client_secret_wrong',
  },
  {
    name: 'a client of the other dialect is refused though its secret is right',
    readings: [say('pleos-app', 'secret')],
    outcome: 'client_of_other_dialect',
  },
  {
    name: 'a client of the other dialect with a wrong secret is refused for its secret',
    readings: [say('pleos-app', 'guess')],
    outcome: 'client_secret_wrong',
  },
  {
    name: 'a client is let in on the wire of its own dialect',
    readings: [say('pleos-app', 'secret')],
    dialect: 'pleos',
    outcome: { clientId: 'pleos-app' },
  },
  {
    name: 'a disabled client is refused though its secret is right',
    readings: [say('stopped', 'secret')],
    outcome: 'client_disabled',
  },
  {
    name: 'a disabled client with a wrong secret is refused for its secret',
    readings: [say('stopped', 'guess')],
    outcome: 'client_secret_wrong',
  },
  {
    name: 'a disabled client of the other dialect is refused for its dialect',
    readings: [say('stopped pleos-app', 'secret')],
    outcome: 'client_of_other_dialect',
  },
  {
    name: 'an id of 256 characters is let in',
    readings: [say(LONGEST_ID, 'secret')],
    outcome: { clientId: LONGEST_ID },
  },
  {
    name: 'an id of 257 characters is unknown, whatever the store has',
    readings: [say(TOO_LONG_ID, 'secret')],
    outcome: 'client_unknown',
  },
  {
    name: 'an id that is too long in one reading may fit in the other',
    readings: [say(TOO_LONG_ID, 'secret'), say('app', 'secret')],
    outcome: { clientId: 'app' },
  },
];

const isRefusedAs =
  (reason: RefusalReason) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof Refusal);
    assert.equal(error.reason, reason);
    return true;
  };

for (const { name, readings, dialect = 'smartcar', outcome } of CASES) {
  void test(name, async () => {
    const answer = authenticate(read, dialect, readings, NOW);
    if (typeof outcome === 'string') await assert.rejects(answer, isRefusedAs(outcome));
    else assert.equal((await answer).client.id, outcome.clientId);
  });
}

void test('the store is asked once for each reading, and never for an id that is too long', async () => {
  const asked: string[] = [];
  const note = (clientId: string): Promise<Reading> => {
    asked.push(clientId);
    return read(clientId);
  };
  const readings = [say(TOO_LONG_ID, 'secret'), say('nobody', 'secret'), say('app', 'guess')];
  await assert.rejects(authenticate(note, 'smartcar', readings, NOW));
  assert.deepEqual(asked, ['nobody', 'app']);
});

void test('nothing more is asked once a reading fits', async () => {
  const asked: string[] = [];
  const note = (clientId: string): Promise<Reading> => {
    asked.push(clientId);
    return read(clientId);
  };
  await authenticate(note, 'smartcar', [say('app', 'secret'), say('nobody', 'secret')], NOW);
  assert.deepEqual(asked, ['app']);
});

for (const kind of ['unavailable', 'outcome_unknown'] as const) {
  void test(`a store that is ${kind} is told as that and not as a wrong client`, async () => {
    const failure = new StoreError(kind, 'away');
    const away = (): Promise<Reading> => Promise.reject(failure);
    await assert.rejects(
      authenticate(away, 'smartcar', [say('app', 'secret')], NOW),
      (error) => error === failure,
    );
  });
}

void test('a store that fails on the second reading is told as that too', async () => {
  const failure = new StoreError('unavailable', 'away');
  const readings = [say('nobody', 'secret'), say('app', 'secret')];
  const halfway = (clientId: string): Promise<Reading> =>
    clientId === 'app' ? Promise.reject(failure) : read(clientId);
  await assert.rejects(authenticate(halfway, 'smartcar', readings, NOW), (error) => error === failure);
});
