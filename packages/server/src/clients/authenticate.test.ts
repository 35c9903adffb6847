import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { Refusal, StoreError } from '../errors.ts';
import type { RefusalReason } from '../errors.ts';
import type { LogEvent } from '../log-event.ts';
import { authenticate } from './authenticate.ts';
import type { Authentication, AuthenticationRequest } from './authenticate.ts';
import { parseJwks } from './client-keys.ts';
import type { Client } from './client.ts';
import type { Credentials } from './credentials.ts';
import type { Policy } from './policy.ts';
import { digestSecret } from './secret.ts';
import { createThrottle } from './throttle.ts';
import type { ThrottleLimits } from './throttle.ts';

const NOW_MS = 1_750_000_000_000;

const POLICY: Policy = {
  refreshTokenLifetimeSeconds: 3600,
  accessTokenLifetimeSeconds: 600,
  rotation: 'overlap',
  overlapSeconds: 60,
  raceSeconds: 10,
  onReplay: 'revoke',
  onReplayAccessTokens: 'end',
  grantLifetimeSeconds: null,
  resyncGenerations: 1024,
  requireUserAgent: true,
  includeRefreshExpiry: false,
  clientAuthentication: 'both',
  accessTokenFormat: 'opaque',
  clientCredentials: false,
};

const client = (id: string, secrets: readonly string[], more: Partial<Client> = {}): Client => ({
  id,
  dialect: 'smartcar',
  name: id,
  policy: POLICY,
  type: 'confidential',
  redirectUris: [],
  consentRedirectUri: undefined,
  createdAtMs: NOW_MS - 1_000_000,
  disabledAtMs: undefined,
  secrets: secrets.map((secret) => ({
    id: secret,
    name: secret,
    digest: digestSecret(secret),
    createdAtMs: NOW_MS - 1_000_000,
    expiresAtMs: secret.startsWith('expired') ? NOW_MS : undefined,
    lastUsedAtMs: undefined,
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
    client('stopped', ['secret'], { disabledAtMs: NOW_MS - 1000 }),
    client('stopped pleos-app', ['secret'], { dialect: 'pleos', disabledAtMs: NOW_MS - 1000 }),
    client('basic only', ['secret'], { policy: { ...POLICY, clientAuthentication: 'basic' } }),
    client('post only', ['secret'], { policy: { ...POLICY, clientAuthentication: 'post' } }),
    client('bare', []),
    client('public-app', [], { type: 'public' }),
    client(LONGEST_ID, ['secret']),
    client(TOO_LONG_ID, ['secret']),
  ].map((row) => [row.id, row]),
);

type Reading = { readonly client: Client | undefined };

const read = (clientId: string): Promise<Reading> => Promise.resolve({ client: CLIENTS.get(clientId) });

const sayBy =
  (method: 'client_secret_basic' | 'client_secret_post' | 'client_secret_json') =>
  (clientId: string, clientSecret: string): Credentials => ({ method, clientId, clientSecret });
const say = sayBy('client_secret_basic');
const post = sayBy('client_secret_post');
const json = sayBy('client_secret_json');
const sayNothing = (clientId: string): Credentials => ({ method: 'none', clientId });

const REQUEST: Omit<AuthenticationRequest<unknown>, 'readings'> = {
  dialect: 'smartcar',
  caller: { address: '192.0.2.7', userAgent: 'charge-planner/2.1' },
  requestId: 'request-1',
  nowMs: NOW_MS,
};
const NO_LIMITS: ThrottleLimits = { failuresPerAddressMax: 0, failuresPerClientMax: 0, windowSeconds: 60 };

const authenticationWith = (
  readClient: Authentication<Reading>['readClient'],
  limits: ThrottleLimits = NO_LIMITS,
): Authentication<Reading> & {
  readonly used: string[];
  readonly events: LogEvent[];
  readonly at: { monotonicMs: number; doubtByMs: number };
} => {
  const at = { monotonicMs: 0, doubtByMs: 0 };
  const used: string[] = [];
  const events: LogEvent[] = [];
  return {
    readClient,
    throttle: createThrottle(limits),
    noteSecretUse: (_clientId, { id }) => used.push(id),
    issuer: () => 'https://fob.example',
    readPublishedKeys: () => [],
    useOnce: () => Promise.resolve('first'),
    monotonic: () => at.monotonicMs,
    doubt: () => ({ beforeMs: REQUEST.nowMs, byMs: at.doubtByMs }),
    emit: (event) => events.push(event),
    at,
    used,
    events,
  };
};

/** Never throws at once. */
const attemptWith = async (
  authentication: Authentication<Reading>,
  request: AuthenticationRequest<unknown>,
): Promise<Reading & { readonly client: Client }> => authenticate(authentication, request);

const authenticateBy = (
  readClient: Authentication<Reading>['readClient'],
  readings: readonly Credentials[],
  of: Pick<AuthenticationRequest, 'dialect' | 'isForEveryDialect'> = { dialect: 'smartcar' },
): Promise<Reading & { readonly client: Client }> =>
  attemptWith(authenticationWith(readClient), { ...REQUEST, readings, ...of });

const CASES: readonly {
  name: string;
  readings: readonly Credentials[];
  dialect?: string;
  isForEveryDialect?: boolean;
  /** The id of the client, or why there is none. */
  outcome: { readonly clientId: string } | RefusalReason;
}[] = [
  {
    name: 'a client with its secret is authenticated',
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
    name: 'a request without credentials is refused',
    readings: [],
    outcome: 'client_unknown',
  },
  {
    name: 'a client that form-encodes is authenticated by the first reading',
    readings: [say('app two', 'other secret'), say('app+two', 'other+secret')],
    outcome: { clientId: 'app two' },
  },
  {
    name: 'a client that sends both halves raw is authenticated by the second reading',
    readings: [say('a b', 'raw!'), say('a+b', 'raw%21')],
    outcome: { clientId: 'a+b' },
  },
  {
    name: 'a client whose raw secret looks encoded is authenticated by the second reading',
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
    name: 'a client is authenticated at an endpoint of its own dialect',
    readings: [say('pleos-app', 'secret')],
    dialect: 'pleos',
    outcome: { clientId: 'pleos-app' },
  },
  {
    name: 'a client is authenticated at an endpoint for every dialect',
    readings: [say('pleos-app', 'secret')],
    isForEveryDialect: true,
    outcome: { clientId: 'pleos-app' },
  },
  {
    name: 'a disabled client is refused at an endpoint for every dialect',
    readings: [say('stopped pleos-app', 'secret')],
    isForEveryDialect: true,
    outcome: 'client_disabled',
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
    name: 'a client may send its secret in the body',
    readings: [post('app', 'secret')],
    outcome: { clientId: 'app' },
  },
  {
    name: 'a client that is set to basic is accepted with Basic',
    readings: [say('basic only', 'secret')],
    outcome: { clientId: 'basic only' },
  },
  {
    name: 'a client that is set to basic is refused with its secret in the body',
    readings: [post('basic only', 'secret')],
    outcome: 'client_method_wrong',
  },
  {
    name: 'a client that is set to post is accepted with its secret in the body',
    readings: [post('post only', 'secret')],
    outcome: { clientId: 'post only' },
  },
  {
    name: 'a client that is set to post is refused with Basic',
    readings: [say('post only', 'secret')],
    outcome: 'client_method_wrong',
  },
  {
    name: 'a wire whose only place for a secret is a JSON body leaves no choice to set',
    readings: [json('basic only', 'secret')],
    outcome: { clientId: 'basic only' },
  },
  {
    name: 'a wrong secret in the wrong place is refused for the secret',
    readings: [post('basic only', 'guess')],
    outcome: 'client_secret_wrong',
  },
  {
    name: 'an id of 256 characters is accepted',
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

for (const { name, readings, dialect = 'smartcar', isForEveryDialect = false, outcome } of CASES) {
  void test(name, async () => {
    const answer = authenticateBy(read, readings, { dialect, isForEveryDialect });
    if (typeof outcome === 'string') await assert.rejects(answer, isRefusedAs(outcome));
    else assert.equal((await answer).client.id, outcome.clientId);
  });
}

void test('each reading reads one client from the store, and an id that is too long reads none', async () => {
  const asked: string[] = [];
  const note = (clientId: string): Promise<Reading> => {
    asked.push(clientId);
    return read(clientId);
  };
  const readings = [say(TOO_LONG_ID, 'secret'), say('nobody', 'secret'), say('app', 'guess')];
  await assert.rejects(authenticateBy(note, readings));
  assert.deepEqual(asked, ['nobody', 'app']);
});

void test('no more clients are read once a reading fits', async () => {
  const asked: string[] = [];
  const note = (clientId: string): Promise<Reading> => {
    asked.push(clientId);
    return read(clientId);
  };
  await authenticateBy(note, [say('app', 'secret'), say('nobody', 'secret')]);
  assert.deepEqual(asked, ['app']);
});

for (const kind of ['unavailable', 'outcome_unknown'] as const) {
  void test(`a store that fails with ${kind} is reported as that, not as a wrong client`, async () => {
    const failure = new StoreError(kind, 'away');
    const away = (): Promise<Reading> => Promise.reject(failure);
    await assert.rejects(authenticateBy(away, [say('app', 'secret')]), (error) => error === failure);
  });
}

void test('so is a store that fails on the second reading', async () => {
  const failure = new StoreError('unavailable', 'away');
  const readings = [say('nobody', 'secret'), say('app', 'secret')];
  const halfway = (clientId: string): Promise<Reading> =>
    clientId === 'app' ? Promise.reject(failure) : read(clientId);
  await assert.rejects(authenticateBy(halfway, readings), (error) => error === failure);
});

void test('the secret that proved a client is noted, and none for a refused client or one without a secret', async () => {
  const authentication = authenticationWith(read);
  const attempt = (credentials: Credentials): Promise<unknown> =>
    attemptWith(authentication, { ...REQUEST, readings: [credentials] }).catch(() => {});
  await attempt(say('app', 'secret'));
  await attempt(say('app', 'guess'));
  await attempt(say('app', 'expired secret'));
  await attempt(say('stopped', 'secret'));
  await attempt(say('pleos-app', 'secret'));
  await attempt(sayNothing('public-app'));
  await attempt(say('app two', 'other secret'));
  assert.deepEqual(authentication.used, ['secret', 'other secret']);
});

const THREE: ThrottleLimits = { failuresPerAddressMax: 3, failuresPerClientMax: 5, windowSeconds: 60 };

/** What becomes of one attempt after the other: the id of the client, or why it is refused. */
const outcomesOf = async (
  authentication: Authentication<Reading>,
  attempts: readonly (readonly Credentials[])[],
  more: Partial<AuthenticationRequest<unknown>> = {},
): Promise<readonly string[]> => {
  const outcomes: string[] = [];
  for (const readings of attempts) {
    const answer = attemptWith(authentication, { ...REQUEST, readings, ...more });
    outcomes.push(
      await answer.then(
        ({ client: { id } }) => id,
        ({ reason }: Refusal) => reason,
      ),
    );
  }
  return outcomes;
};

void test('after too many failures of an address, a wrong secret gets the same answer whether or not its client exists', async () => {
  const authentication = authenticationWith(read, THREE);
  const wrong = [say('app', 'guess')];
  assert.deepEqual(
    await outcomesOf(authentication, [wrong, wrong, wrong]),
    Array(3).fill('client_secret_wrong'),
  );
  for (const guess of [
    say('app', 'guess'),
    say('nobody', 'guess'),
    say('bare', 'guess'),
    say('stopped', 'secret'),
    say('pleos-app', 'secret'),
    say(TOO_LONG_ID, 'secret'),
  ]) {
    const answer = attemptWith(authentication, { ...REQUEST, readings: [guess] });
    await assert.rejects(answer, (error) => {
      assert.ok(error instanceof Refusal);
      assert.deepEqual([error.reason, error.retryAfterSeconds, error.details], ['throttled', 20, []]);
      return true;
    });
  }
});

void test('a right secret gets through every full bucket, in whichever reading it is', async () => {
  const authentication = authenticationWith(read, THREE);
  const guess = [say('app', 'guess')];
  await outcomesOf(authentication, [guess, guess, guess, guess, guess]);
  const right = [
    [say('app', 'secret')],
    [say('a b', 'raw!'), say('a+b', 'raw%21')],
    [say('app two', 'other secret')],
  ];
  assert.deepEqual(await outcomesOf(authentication, right), ['app', 'a+b', 'app two']);
  assert.deepEqual(await outcomesOf(authentication, [guess]), ['throttled'], 'and empties none of them');
});

/** As if the request came from there. */
const from = (address: string) => ({ caller: { address, userAgent: '' } });

void test('a client with its secret is authenticated at a new address while guesses from everywhere fill its bucket', async () => {
  const authentication = authenticationWith(read, { ...THREE, failuresPerAddressMax: 100 });
  const guess = [say('app', 'guess')];
  await outcomesOf(authentication, [guess, guess, guess, guess, guess], from('192.0.2.1'));
  assert.deepEqual(await outcomesOf(authentication, [guess], from('192.0.2.2')), ['throttled']);
  assert.deepEqual(await outcomesOf(authentication, [[say('app', 'secret')]], from('192.0.2.2')), ['app']);
});

void test('guesses at a public client, which has no secret, do not throttle it elsewhere', async () => {
  const authentication = authenticationWith(read, THREE);
  for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3'])
    await outcomesOf(
      authentication,
      Array.from({ length: 3 }, () => [say('public-app', 'guess')]),
      {
        caller: { address, userAgent: '' },
      },
    );
  assert.deepEqual(await outcomesOf(authentication, [[sayNothing('public-app')]]), ['public-app']);
});

void test('guesses sent all at once are counted one by one', async () => {
  const authentication = authenticationWith(read, THREE);
  const guesses = Array.from({ length: 50 }, (_, index) => [say('app', `guess ${index}`)]);
  const outcomes = await Promise.all(guesses.map((guess) => outcomesOf(authentication, [guess])));
  assert.equal(outcomes.flat().filter((outcome) => outcome === 'client_secret_wrong').length, 3);
  assert.deepEqual(await outcomesOf(authentication, [[say('app', 'guess')]]), ['throttled']);
});

void test('two readings are two guesses', async () => {
  const authentication = authenticationWith(read, THREE);
  const guess = [say('app', 'guess+1'), say('app', 'guess 1')];
  assert.deepEqual(await outcomesOf(authentication, [guess, guess]), ['client_secret_wrong', 'throttled']);
});

void test('every failure counts alike, also the right secret of a client that is disabled or of another dialect', async () => {
  for (const wrong of [
    [say('nobody', 'secret')],
    [say('app', 'guess')],
    [say('app', 'expired secret')],
    [say('stopped', 'secret')],
    [say('pleos-app', 'secret')],
    [say('bare', 'secret')],
    [sayNothing('app')],
  ]) {
    const authentication = authenticationWith(read, THREE);
    const outcomes = await outcomesOf(authentication, [wrong, wrong, wrong, wrong]);
    assert.deepEqual(
      outcomes.map((reason) => reason === 'throttled'),
      [false, false, false, true],
      wrong[0]?.clientId,
    );
  }
});

void test('a reading that fits uncounts the failure of the one before it', async () => {
  const authentication = authenticationWith(read, THREE);
  const honest = [say('a b', 'raw!'), say('a+b', 'raw%21')];
  assert.deepEqual(
    await outcomesOf(
      authentication,
      Array.from({ length: 9 }, () => honest),
    ),
    Array(9).fill('a+b'),
  );
});

void test('an outage of the store does not count as a failure of the client', async () => {
  const away = authenticationWith(() => Promise.reject(new StoreError('unavailable', 'away')), THREE);
  for (let times = 0; times < 9; times++)
    await assert.rejects(
      attemptWith(away, { ...REQUEST, readings: [say('app', 'secret')] }),
      (error) => error instanceof StoreError,
    );
});

void test('throttling is reported once a minute, with its counts and without invented ids', async () => {
  const authentication = authenticationWith(read, THREE);
  const attempts = Array.from({ length: 10 }, () => [say('nobody', 'guess')]);
  await outcomesOf(authentication, attempts);
  const { dialect, caller, requestId } = REQUEST;
  const common = { event: 'client.throttled', dialect, caller, requestId, bucket: 'address' };
  assert.deepEqual(authentication.events, [{ ...common, clientId: undefined, failures: 3, refused: 1 }]);
  authentication.at.monotonicMs += 60_000;
  await outcomesOf(authentication, attempts);
  assert.deepEqual(authentication.events[1], { ...common, clientId: undefined, failures: 3, refused: 7 });
});

void test('a certificate proves a client by a key that the client publishes', async () => {
  const [own, other] = [generateKeyPairSync('ed25519').publicKey, generateKeyPairSync('ed25519').publicKey];
  const published = parseJwks({ keys: [own.export({ format: 'jwk' })] });
  assert.ok('jwks' in published);
  const publishing = client('published', [], {
    keys: { jwksUri: 'https://app.example/jwks' },
    policy: { ...POLICY, clientAuthentication: 'self_signed_tls_client_auth' },
  });
  const wanted: boolean[] = [];
  const authentication: Authentication<Reading> = {
    ...authenticationWith(() => Promise.resolve({ client: publishing })),
    readPublishedKeys(_client, isWanted) {
      wanted.push(published.jwks.some(isWanted));
      return Promise.resolve(published.jwks);
    },
  };
  const show = (publicKey: typeof own): Credentials => ({
    method: 'self_signed_tls_client_auth',
    clientId: 'published',
    certificate: { thumbprint: '', x509: { publicKey } as X509Certificate, isIssued: () => false },
  });
  assert.deepEqual(await outcomesOf(authentication, [[show(own)], [show(other)]]), [
    'published',
    'client_secret_wrong',
  ]);
  assert.deepEqual(wanted, [true, false]);
  // An address that nobody has approved yet, or that was stopped, is not called.
  const stopped: Authentication<Reading> = {
    ...authentication,
    readClient: () => ({ client: { ...publishing, disabledAtMs: NOW_MS } }),
  };
  assert.deepEqual(await outcomesOf(stopped, [[show(own)], [show(other)]]), [
    'client_disabled',
    'client_disabled',
  ]);
  assert.equal(wanted.length, 2);
});
