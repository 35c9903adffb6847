import assert from 'node:assert/strict';
import test from 'node:test';
import { createJournal, ENTRIES_MAX } from './journal.ts';
import type { Journal, OpenEntry } from './journal.ts';

const begin = (journal: Journal, grant = 'g1'): OpenEntry =>
  journal.begin({
    atMs: 0,
    requestId: '',
    method: 'POST',
    path: '/oauth/token',
    endpoint: 'token',
    grantType: 'refresh_token',
    client: 'smartcar',
    grant,
    token: `${grant}/0`,
    sent: {
      authentication: 'basic',
      contentType: undefined,
      parameters: [],
      scope: undefined,
      redirectUri: undefined,
    },
    userAgent: '',
    verdict: 'none',
    because: undefined,
    says: '',
    isCommitted: false,
    faults: [],
    answer: undefined,
    delivered: 'pending',
    deliveredBytes: undefined,
    tookMs: undefined,
  });

test('an entry is listed at its arrival, and again when it changes', () => {
  const journal = createJournal();
  const first = begin(journal);
  begin(journal);
  const { requests, next } = journal.read({});
  assert.deepEqual(
    requests.map(({ number }) => number),
    [1, 2],
  );
  assert.deepEqual(journal.read({ after: next }).requests, []);
  first.update({ stage: 'ended' });
  assert.deepEqual(
    journal.read({ after: next }).requests.map(({ number, stage }) => [number, stage]),
    [[1, 'ended']],
  );
});

test('a page ends where the next one begins', () => {
  const journal = createJournal();
  for (let index = 0; index < 5; index++) begin(journal);
  const first = journal.read({ limit: 2 });
  const second = journal.read({ limit: 2, after: first.next });
  const third = journal.read({ limit: 2, after: second.next });
  assert.deepEqual(
    [first, second, third].map(({ requests }) => requests.map(({ number }) => number)),
    [[1, 2], [3, 4], [5]],
  );
});

test('a wait ends with the first entry that fits', async () => {
  const journal = createJournal();
  const waiting = journal.wait({ stage: 'ended', grant: 'g2', waitMs: 60_000 });
  begin(journal, 'g1').update({ stage: 'ended' });
  begin(journal, 'g2').update({ stage: 'ended' });
  assert.deepEqual(
    (await waiting).requests.map(({ number }) => number),
    [2],
  );
});

test('a wait ends by its time, when its client leaves, and with the journal', async () => {
  const journal = createJournal();
  assert.deepEqual((await journal.wait({ waitMs: 1 })).requests, []);
  const abort = new AbortController();
  const left = journal.wait({ waitMs: 60_000, signal: abort.signal });
  abort.abort();
  assert.deepEqual((await left).requests, []);
  const closed = journal.wait({ waitMs: 60_000 });
  journal.close();
  assert.deepEqual((await closed).requests, []);
});

test('the newest entries are kept, and the others counted', () => {
  const journal = createJournal();
  for (let index = 0; index < ENTRIES_MAX + 5; index++) begin(journal);
  assert.equal(journal.read({}).dropped, 5);
  assert.equal(journal.find(5), undefined);
  assert.equal(journal.find(6)?.number, 6);
});

test('only so many may wait at once', async () => {
  const journal = createJournal();
  const waiting = Array.from({ length: 100 }, () => journal.wait({ waitMs: 60_000 }));
  await assert.rejects(journal.wait({ waitMs: 60_000 }), { code: 'too_many_waiting' });
  journal.close();
  await Promise.all(waiting);
});
