import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Keeper } from '@keyfob/keeper';
import { armFault } from '@keyfob/sandbox';
import type { NewFault } from '@keyfob/sandbox';
import { changeGrantIn } from './change-grant-in.ts';
import { FAST, KINDS, clientFor, clientOfData, keptWorldFor } from './kept-world.ts';
import type { Scope } from '../support/test-directory.ts';
import type { KeptWorld, Kind } from './kept-world.ts';

const ALL_KINDS = Object.keys(KINDS) as Kind[];

/** The final outcome: a token, or a new consent. */
const settled = async ({ keeper }: Pick<KeptWorld, 'keeper'>, name: string): Promise<string> => {
  const result = await keeper.tryToken(name, { waitMs: 120_000 });
  return result.status === 'needs_consent' ? `needs_consent ${result.cause}` : result.status;
};

const eventKinds = ({ events }: KeptWorld): readonly string[] => events.map(({ kind }) => kind);

/** Faults after which nothing is lost, whatever the provider does with a used token. */
const HARMLESS: readonly [string, NewFault['do']][] = [
  ['the request never reaches the server, and the connection is reset', { loseAnswer: 'beforeCommit' }],
  ['the connection is closed before the commit', { loseAnswer: 'beforeCommit', how: 'close' }],
  ['nothing answers, and nothing was done', { loseAnswer: 'beforeCommit', how: 'hang' }],
  ['the connection is reset before it stands', { tls: 'reset' }],
  ['503 without a word', { status: 503 }],
  ['503 with Retry-After', { status: 503, headers: { 'retry-after': '1' } }],
  ['429', { status: 429 }],
  ['a page of a gateway', { status: 502, bodyName: 'nginx-502' }],
  ['a redirect', { redirect: 'https://elsewhere.example/' }],
  ['the answer lacks a lifetime', { expiresIn: null }],
  ['the answer is late', { delayMilliseconds: 600 }],
  ['the request is late', { delayMilliseconds: 600, of: 'request' }],
];

describe('a keeper loses no car to', { concurrency: 12 }, () => {
  for (const kind of ALL_KINDS)
    for (const [name, fault] of HARMLESS)
      it(`${kind}: ${name}`, async (scope) => {
        const kept = await keptWorldFor(scope, kind);
        await kept.putCar('car');
        armFault(kept.world, { do: fault });
        assert.equal(await settled(kept, 'car'), 'ok');
        assert.ok(!eventKinds(kept).includes('needs_consent'));
      });
});

/** Faults after which the server has used the token, and its answer is gone. */
const LOSSES: readonly [string, NewFault['do']][] = [
  ['reset after the commit', { loseAnswer: 'afterCommit' }],
  ['closed after the commit', { loseAnswer: 'afterCommit', how: 'close' }],
  ['no answer after the commit', { loseAnswer: 'afterCommit', how: 'hang' }],
  ['half of the answer', { loseAnswer: 'afterCommit', how: 'halfBody' }],
  ['504 after the commit', { status: 504, at: 'afterCommit' }],
  ['500 after the commit', { status: 500, at: 'afterCommit' }],
];

describe('an answer that is lost after the token was used', { concurrency: 12 }, () => {
  for (const kind of ALL_KINDS)
    for (const [name, fault] of LOSSES)
      it(`${kind}: ${name}`, async (scope) => {
        const kept = await keptWorldFor(scope, kind);
        await kept.putCar('car');
        armFault(kept.world, { do: fault });
        const isRecoverable = KINDS[kind].repeats.kind !== 'once';
        assert.equal(await settled(kept, 'car'), isRecoverable ? 'ok' : 'needs_consent lost_response');
        await kept.keeper.turn();
        assert.equal(eventKinds(kept).filter((one) => one === 'needs_consent').length, isRecoverable ? 0 : 1);
      });
});

/** A keeper whose provider repeats for eight seconds, of which the last two are left. */
const withShortOverlap = async (scope: Scope): Promise<{ kept: KeptWorld; keeper: Keeper }> => {
  const repeats = { kind: 'overlap', seconds: 8 } as const;
  const kept = await keptWorldFor(scope, 'smartcar');
  for (const name of ['car', 'other']) await kept.putCar(name);
  const right = kept.world.clients.find(KINDS.smartcar.client);
  const { clientId = '', clientSecret = '' } = right ?? {};
  const data = { profile: 'smartcar', origin: kept.world.url, clientId, clientSecret, repeats } as const;
  await kept.keeper.close();
  const timing = { ...FAST, overlapMarginMs: 2000, backoffMs: 4000, backoffMaxMs: 4000 };
  const keeper = await kept.openAnother({ clients: { cars: clientOfData(data) }, timing });
  return { kept, keeper };
};

describe('a gateway that asks for patience after the token was used', () => {
  it('is asked once more before the overlap ends, and then left in peace', async (scope) => {
    const { kept, keeper } = await withShortOverlap(scope);
    armFault(kept.world, { do: { status: 503, retryAfter: { seconds: 120 }, at: 'afterCommit' } });
    assert.equal(await settled({ keeper }, 'car'), 'ok');
    assert.equal(kept.requests().length, 2);
    assert.ok((keeper.clients()[0]?.pausedUntilMs ?? 0) > Date.now(), 'all others still wait');
  });

  it('does not hold up a token without an answer, when another car is asked for patience', async (scope) => {
    const { kept, keeper } = await withShortOverlap(scope);
    armFault(kept.world, { do: { loseAnswer: 'afterCommit' } });
    assert.equal((await keeper.refresh('car')).kind, 'later');
    armFault(kept.world, { do: { status: 429, retryAfter: { seconds: 120 } } });
    assert.equal((await keeper.refresh('other')).kind, 'later');
    assert.equal(await settled({ keeper }, 'car'), 'ok');
    assert.equal(kept.requests().length, 3);
  });
});

describe('a dead grant', () => {
  for (const kind of ALL_KINDS)
    it(`${kind}: the owner revoked it: one needs_consent, and a new pair brings the car back`, async (scope) => {
      const kept = await keptWorldFor(scope, kind);
      await kept.putCar('car');
      await changeGrantIn(kept, 'revoke');
      assert.equal(await settled(kept, 'car'), 'needs_consent revoked');
      assert.equal(await settled(kept, 'car'), 'needs_consent revoked');
      await kept.keeper.turn();
      assert.deepEqual(eventKinds(kept), ['needs_consent']);
      assert.deepEqual(kept.events[0]?.connections, ['car']);
      assert.equal(kept.requests().length, 1);
      await kept.putCar('car');
      assert.equal(await settled(kept, 'car'), 'ok');
    });
});

describe('a firewall before the provider', () => {
  for (const kind of ALL_KINDS)
    it(`${kind}: refuses a car while another one is refreshed: no grant is blamed`, async (scope) => {
      const kept = await keptWorldFor(scope, kind);
      await kept.putCar('car');
      for (let turn = 0; turn < 3; turn++) {
        armFault(kept.world, { do: { status: 403, body: '<html>Request blocked</html>' }, times: 'always' });
        const before = kept.requests().length;
        // It waits a little after each refusal.
        while (kept.requests().length === before)
          assert.equal((await kept.keeper.refresh('car')).kind, 'later');
        kept.world.faults.disarmAll();
        await kept.putCar(`other-${turn}`);
        assert.equal(await settled(kept, `other-${turn}`), 'ok');
      }
      assert.equal(await settled(kept, 'car'), 'ok');
      assert.ok(!eventKinds(kept).includes('needs_consent'));
    });
});

describe('a wrong secret', () => {
  for (const kind of ALL_KINDS)
    it(`${kind}: no grant is blamed, and all work again with the right one`, async (scope) => {
      const kept = await keptWorldFor(scope, kind);
      await kept.putCar('car');
      const right = kept.world.clients.find(KINDS[kind].client);
      const wrong = { clientId: right?.clientId ?? '', clientSecret: 'wrong' };
      const other = await kept.openAnother({ clients: { cars: clientFor(kind, kept.world.url, wrong) } });
      const result = await other.tryToken('car', { waitMs: 500 });
      assert.equal(result.status, 'unavailable');
      await other.close();
      assert.ok(!eventKinds(kept).includes('needs_consent'));
      assert.equal(await settled(kept, 'car'), 'ok');
    });
});

describe('many callers', () => {
  for (const kind of ALL_KINDS)
    it(`${kind}: a hundred questions in three processes' keepers are one refresh`, async (scope) => {
      const kept = await keptWorldFor(scope, kind);
      const keepers = [kept.keeper, await kept.openAnother(), await kept.openAnother()];
      await kept.putCar('car');
      const answers = await Promise.all(
        Array.from({ length: 100 }, async (_, index) => keepers[index % 3]?.token('car')),
      );
      assert.equal(new Set(answers).size, 1);
      assert.equal(kept.requests().length, 1);
    });

  it('a caller that gives up does not end the refresh', async (scope) => {
    const kept = await keptWorldFor(scope, 'pleos');
    await kept.putCar('car');
    armFault(kept.world, { do: { delayMilliseconds: 400 } });
    const gone = new AbortController();
    const asked = kept.keeper.token('car', { signal: gone.signal });
    while (kept.requests().length === 0) await new Promise((resolve) => void setImmediate(resolve));
    gone.abort();
    await assert.rejects(asked, { name: 'AbortError' });
    assert.equal(await settled(kept, 'car'), 'ok');
    assert.equal(kept.requests().length, 1);
  });
});
