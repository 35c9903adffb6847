import assert from 'node:assert/strict';
import type { Operator, OperatorKey } from '@keyfob/server/operators';
import { OPERATOR_KEYS_MAX, OPERATOR_ROWS_KEPT_SECONDS } from '@keyfob/server/stores';
import type { OperatorSession } from '@keyfob/server/stores';
import { NOW_MS } from '../../support/samples.ts';
import type { OnStore, OnTwo } from '../register.ts';

const digest = (seed: number): Uint8Array => new Uint8Array(32).fill(seed).with(31, seed >> 8);

const key = (seed: number, more: Partial<OperatorKey> = {}): OperatorKey => ({
  id: `key-${String(seed).padStart(4, '0')}`,
  name: 'helpdesk',
  role: 'support',
  clientIds: [],
  digest: digest(seed),
  createdAtMs: NOW_MS,
  expiresAtMs: NOW_MS + 1000,
  lastUsedAtMs: undefined,
  ...more,
});

const OPERATOR: Operator = { kind: 'link', id: 'root', name: 'root', role: 'admin' };

const session = (seed: number, startedAtMs = NOW_MS): OperatorSession => ({
  digest: digest(seed),
  kind: 'link',
  operator: OPERATOR,
  startedAtMs,
  usedAtMs: startedAtMs,
});

/** Stores answer bytes of different classes. */
const readable = (found: OperatorKey | undefined) => found && { ...found, digest: [...found.digest] };

/** Operator keys, operators' sessions and claimed writes. */
export const operatorContract = (onStore: OnStore): void => {
  onStore('An operator key is found by its digest, listed, noted and removed.', async (store) => {
    const [one, other] = [
      key(1, { createdAtMs: NOW_MS + 1, role: 'developer', clientIds: ['one', 'other'] }),
      key(2),
    ];
    for (const each of [one, other]) assert.equal(await store.createOperatorKey(each), 'created');
    assert.equal(await store.createOperatorKey(key(1, { digest: digest(3) })), 'id_taken');
    await store.noteOperatorKeyUse(one.id, NOW_MS + 5);
    const noted = { ...one, lastUsedAtMs: NOW_MS + 5 };
    assert.deepEqual((await store.listOperatorKeys()).map(readable), [other, noted].map(readable));
    assert.deepEqual(readable(await store.findOperatorKey(digest(1))), readable(noted));
    assert.equal(await store.findOperatorKey(digest(9)), undefined);
    assert.equal(await store.removeOperatorKey(one.id), 'removed');
    assert.equal(await store.removeOperatorKey(one.id), 'unknown');
    assert.equal(await store.findOperatorKey(digest(1)), undefined);
  });

  onStore('There is a limit to operator keys.', async (store) => {
    for (let seed = 0; seed < OPERATOR_KEYS_MAX; seed++) await store.createOperatorKey(key(seed));
    assert.equal(await store.createOperatorKey(key(OPERATOR_KEYS_MAX)), 'too_many');
  });

  onStore('An operator session is read back, noted, ended once, and dropped long after.', async (store) => {
    await store.createOperatorSession(session(1));
    await store.noteOperatorSessionUse(digest(1), NOW_MS + 7);
    const found = await store.readOperatorSession(digest(1));
    assert.deepEqual(
      { ...found, digest: undefined },
      { ...session(1), usedAtMs: NOW_MS + 7, digest: undefined },
    );
    const ends = await Promise.all([1, 2, 3].map(() => store.endOperatorSession(digest(1))));
    assert.deepEqual(ends.sort(), ['ended', 'unknown', 'unknown']);
    assert.equal(await store.readOperatorSession(digest(1)), undefined);
    await store.createOperatorSession(session(2, NOW_MS - OPERATOR_ROWS_KEPT_SECONDS * 1000 - 1));
    await store.createOperatorSession(session(3));
    assert.equal(await store.readOperatorSession(digest(2)), undefined);
  });

  onStore('All operator sessions and links end together, and later ones do not.', async (store) => {
    for (const seed of [1, 2, 3]) await store.createOperatorSession(session(seed));
    assert.equal(await store.endOperatorSessions(), 3);
    assert.equal(await store.endOperatorSessions(), 0);
    assert.equal(await store.readOperatorSession(digest(2)), undefined);
    await store.createOperatorSession(session(4));
    assert.notEqual(await store.readOperatorSession(digest(4)), undefined);
  });

  onStore('A write is claimed once, until it is released or a day has passed.', async (store) => {
    const write = { digest: digest(1), body: digest(2) };
    assert.equal(await store.claimWrite(write, NOW_MS), 'new');
    assert.equal(await store.claimWrite(write, NOW_MS), 'seen');
    assert.equal(await store.claimWrite({ ...write, body: digest(3) }, NOW_MS), 'other');
    assert.equal(await store.claimWrite(write, NOW_MS), 'seen');
    assert.equal(await store.claimWrite({ ...write, digest: digest(3) }, NOW_MS), 'new');
    await store.releaseWrite(digest(1));
    assert.equal(await store.claimWrite({ ...write, body: digest(3) }, NOW_MS), 'new');
    const laterMs = NOW_MS + OPERATOR_ROWS_KEPT_SECONDS * 1000 + 1;
    assert.equal(await store.claimWrite(write, laterMs), 'new');
  });
};

export const operatorConnectionContract = (onTwo: OnTwo): void => {
  onTwo('Of two servers that take a link at once, one gets it.', async (one, other) => {
    await one.createOperatorSession(session(1));
    const ends = await Promise.all([one, other].map((store) => store.endOperatorSession(digest(1))));
    assert.deepEqual(ends.sort(), ['ended', 'unknown']);
  });

  onTwo('Of two servers that claim a write at once, one gets it.', async (one, other) => {
    const claims = await Promise.all(
      [one, other].map((store) => store.claimWrite({ digest: digest(1), body: digest(2) }, NOW_MS)),
    );
    assert.deepEqual(claims.sort(), ['new', 'seen']);
    const body = digest(3);
    const others = await Promise.all(
      [one, other].map((store) => store.claimWrite({ digest: digest(1), body }, NOW_MS)),
    );
    assert.deepEqual(others, ['other', 'other']);
  });
};
