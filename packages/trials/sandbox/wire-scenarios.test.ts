import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { armFault, startScenario } from '@keyfob/sandbox';
import type { World } from '@keyfob/sandbox';
import { DIALECTS, Refusal } from '@keyfob/server/dialects';
import type { Dialect } from '@keyfob/server/dialects';
import { openSandbox } from './support.ts';

/** What a client of a wire got. */
type Got = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The refresh token that came, if any. */
  readonly refreshToken: string | undefined;
};

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Refreshes as the wire's own examples do. Rejects where no answer arrives. */
const refresh = async (world: World, dialect: Dialect, refreshToken: string): Promise<Got> => {
  const { clientId = '', clientSecret = '' } = world.clients.find(dialect.name) ?? {};
  const use = { refreshToken, brand: dialect.brands[0] };
  const { path, headers, body } = dialect.examples.refreshRequest({ clientId, clientSecret }, use);
  const sent = { 'user-agent': 'trials/1', ...headers };
  const response = await fetch(`${world.url}${path}`, { method: 'POST', headers: sent, body });
  const text = await response.text();
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    text,
    refreshToken: response.ok
      ? dialect.sandbox.readTokens(JSON.parse(text) as object).refreshToken
      : undefined,
  };
};

/** Asserts that an answer is what the server itself answers for this reason: the vendor's status, code and sentence. */
const assertRefused = (
  world: World,
  dialect: Dialect,
  got: Got,
  reason: Refusal['reason'],
  status?: number,
): void => {
  const requestId = Object.values(got.headers).find((value) => UUID.test(value)) ?? '';
  const own = dialect.renderRefusal(new Refusal(reason), dialect.defaultPolicy, {
    requestId,
    nowMs: world.clock.now(),
  });
  assert.equal(got.status, status ?? own.status, got.text);
  assert.equal(got.text, own.body);
  assert.equal('www-authenticate' in got.headers, got.status === 401);
};

const begin = async (
  t: Parameters<typeof openSandbox>[0],
  dialect: Dialect,
  scenario: string,
): Promise<{ readonly world: World; readonly token: string }> => {
  const sandbox = await openSandbox(t);
  const world = await sandbox.createWorld({ clock: '2026-01-01' });
  const started = await startScenario(world, scenario, { dialect: dialect.name });
  return { world, token: started.created[0]?.refreshToken ?? '' };
};

/** Whether a used token may be sent again at once. */
const repeats = ({ defaultPolicy: { rotation, overlapSeconds } }: Dialect): boolean =>
  rotation === 'until-used' || rotation === 'none' || (rotation === 'overlap' && overlapSeconds > 0);

const dialects: readonly Dialect[] = Object.values(DIALECTS);

for (const dialect of dialects)
  describe(`The scenarios of the sandbox in the words of ${dialect.name}`, () => {
    test('an answer is lost: the same token gets its successor, or the refusal of a dead token', async (t) => {
      const { world, token } = await begin(t, dialect, 'lost-answer-after');
      await assert.rejects(refresh(world, dialect, token));
      const again = await refresh(world, dialect, token);
      if (repeats(dialect)) assert.equal(again.status, 200, again.text);
      else assertRefused(world, dialect, again, 'concurrent_use');
    });

    test('a used token of long ago is refused', async (t) => {
      const { world, token } = await begin(t, dialect, 'replay-old');
      assertRefused(world, dialect, await refresh(world, dialect, token), 'replayed');
    });

    test('a token that nobody refreshed has expired', async (t) => {
      const { world, token } = await begin(t, dialect, 'expired-idle');
      assertRefused(world, dialect, await refresh(world, dialect, token), 'expired');
    });

    test('a rate limit and an outage are no dead token, and the token works after them', async (t) => {
      const { world, token } = await begin(t, dialect, 'rate-limited');
      const limits: (string | undefined)[] = [];
      for (let left = 3; left > 0; left--) {
        const limited = await refresh(world, dialect, token);
        assertRefused(world, dialect, limited, 'overloaded', 429);
        limits.push(limited.headers['retry-after']);
      }
      assert.deepEqual(limits, ['60', 'Thu, 01 Jan 2026 00:01:00 GMT', undefined]);
      armFault(world, { do: { errorCode: 'temporarily_unavailable', retryAfter: { seconds: 2 } } });
      const away = await refresh(world, dialect, token);
      assertRefused(world, dialect, away, 'overloaded', 503);
      assert.equal(away.headers['retry-after'], '2');
      assert.equal((await refresh(world, dialect, token)).status, 200);
    });

    test('a fault names a dead token or a wrong client as the vendor does', async (t) => {
      const { world, token } = await begin(t, dialect, 'expires-tomorrow');
      armFault(world, { do: { errorCode: 'invalid_grant' } });
      assertRefused(world, dialect, await refresh(world, dialect, token), 'unknown');
      armFault(world, { do: { errorCode: 'invalid_client' } });
      assertRefused(world, dialect, await refresh(world, dialect, token), 'client_secret_wrong');
      assert.equal((await refresh(world, dialect, token)).status, 200);
    });
  });
