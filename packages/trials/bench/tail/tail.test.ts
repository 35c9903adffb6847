import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CAUSES, explainRequests } from './causes.ts';
import type { Cause } from './causes.ts';
import { createMomentList, KINDS, readMoments, YOUNG_COLLECTION } from './moments.ts';
import type { Moment } from './moments.ts';
import { groupsOf, writeTail } from './report.ts';
import { measureTail, SERVERS } from './tail.ts';

const PORT = 40_000;
const OLD_COLLECTION = 4;

const at = (kind: Moment['kind'], startMs: number, endMs = startMs, detail = PORT): Moment => ({
  kind,
  startMs,
  endMs,
  detail,
});

/** A transaction: its begin, the start of its commit and its end, and how long the thread had waited for a core until both. */
const batch = (beginMs: number, commitMs: number, endMs: number, waited = [0, 0]): readonly Moment[] => [
  at(KINDS.begin, beginMs, beginMs, waited[0]),
  at(KINDS.commit, commitMs, endMs, waited[1]),
];

const REQUEST = { port: PORT, sentMs: 100, receivedMs: 120 };
const USUAL = [at(KINDS.read, 105), ...batch(107, 110, 114), at(KINDS.answered, 117)];

/** The causes of the one request that are not 0. */
const causesOf = (moments: readonly Moment[], request = REQUEST): Partial<Record<Cause, number>> => {
  const [explained] = explainRequests([request], moments);
  assert.ok(explained !== undefined);
  const sum = CAUSES.reduce((total, cause) => total + explained.causes[cause], 0);
  assert.ok(Math.abs(sum - explained.latencyMs) < 1e-9, `${sum} of ${explained.latencyMs}`);
  return Object.fromEntries(Object.entries(explained.causes).filter(([, value]) => value !== 0));
};

describe('What a request spends its time on', () => {
  test('is being read, waiting for its batch, rows, commit, answers and the way back', () => {
    assert.deepEqual(causesOf(USUAL), {
      others_unread: 5,
      batch_fills: 2,
      own_rows: 3,
      own_commit: 4,
      answering: 3,
      way_back: 3,
    });
  });

  test('is an earlier batch, if that is under way when it is sent', () => {
    const causes = causesOf([...batch(98, 101, 103), ...USUAL]);
    assert.deepEqual([causes.earlier_rows, causes.earlier_commit, causes.others_unread], [1, 2, 2]);
    assert.equal(explainRequests([REQUEST], [...batch(98, 101, 103), ...USUAL])[0]?.earlierBatches, 1);
  });

  test('is not a batch that ended before, nor one that begins after its own, which is part of the way back', () => {
    const causes = causesOf([...batch(90, 92, 99), ...USUAL, ...batch(118, 119, 125)]);
    assert.deepEqual(causes, causesOf(USUAL));
  });

  test('is a garbage collection, wherever it falls', () => {
    const young = at(KINDS.collection, 106, 108, YOUNG_COLLECTION);
    const old = at(KINDS.collection, 111, 112, OLD_COLLECTION);
    const causes = causesOf([...USUAL, young, old]);
    assert.deepEqual([causes.young_collection, causes.old_collection], [2, 1]);
    assert.deepEqual([causes.batch_fills, causes.own_rows, causes.own_commit], [1, 2, 3]);
  });

  test('is a commit beside a checkpoint, for as long as both run', () => {
    const checkpoints = [at(KINDS.checkpoint, 90, 111), at(KINDS.checkpoint, 113, 200)];
    const { own_commit: alone, commit_beside_checkpoint: beside } = causesOf([...USUAL, ...checkpoints]);
    assert.deepEqual([alone, beside], [2, 2]);
  });

  test('is waiting for a core, in the part of a transaction or of a pause that the thread waited', () => {
    const moments = [at(KINDS.read, 105), ...batch(107, 110, 114, [50, 53.5]), at(KINDS.answered, 117)];
    const causes = causesOf([...batch(80, 81, 97, [0, 45]), ...moments]);
    // Half of the ten milliseconds between the batches, of which 7 are the request's, and half of the 7 of its own.
    assert.equal(causes.no_core, 7);
    assert.deepEqual([causes.others_unread, causes.own_rows, causes.own_commit], [2.5, 1.5, 2]);
  });

  test('is unknown if the server recorded no reading or no batch of it', () => {
    assert.deepEqual(explainRequests([{ ...REQUEST, port: PORT + 1 }], USUAL), []);
    assert.deepEqual(explainRequests([REQUEST], [at(KINDS.read, 105)]), []);
    assert.deepEqual(explainRequests([REQUEST], [at(KINDS.read, 105), ...batch(107, 110, 130)]), []);
  });
});

test('Moments survive their bytes, and what is above the capacity is left out.', () => {
  const list = createMomentList(2);
  for (const startMs of [1.5, 2.5, 3.5]) list.add(KINDS.commit, startMs, startMs + 1, 7);
  const expected = [at(KINDS.commit, 1.5, 2.5, 7), at(KINDS.commit, 2.5, 3.5, 7)];
  assert.deepEqual(readMoments(list.bytes()), expected);
  // A small file is read into a part of a larger buffer.
  const part = Buffer.concat([Buffer.alloc(8, 1), list.bytes(), Buffer.alloc(8, 1)]).subarray(8, -8);
  assert.deepEqual(readMoments(part), expected);
});

test('A real server under the probe: nearly every request is explained, and the tables show every server and cause.', async () => {
  const plan = {
    dialect: 'smartcar',
    connections: 4,
    rounds: 1,
    warmupMs: 100,
    measureMs: 400,
    nodeArgs: [],
  } as const;
  const tail = await measureTail(plan, { pin: () => {}, onProgress: () => {} });
  assert.deepEqual(
    tail.latencies.map(({ server }) => server),
    SERVERS,
  );
  assert.ok(tail.requests > 0);
  assert.ok(tail.explained.length >= tail.requests * 0.9, `${tail.explained.length} of ${tail.requests}`);
  for (const { latencyMs, causes } of tail.explained) {
    const sum = CAUSES.reduce((total, cause) => total + causes[cause], 0);
    assert.ok(Math.abs(sum - latencyMs) < 1e-3, `${sum} of ${latencyMs}`);
  }
  // A machine that stands still during a commit leaves some requests without a part of it.
  const committed = tail.explained.filter(
    ({ causes }) => causes.own_commit + causes.commit_beside_checkpoint > 0,
  );
  assert.ok(committed.length >= tail.explained.length * 0.9, `${committed.length} with a commit`);
  for (const what of ['batch', 'commit'])
    assert.ok(
      tail.happenings.some((one) => one.what === what),
      what,
    );
  const [all, slow] = groupsOf(tail.explained);
  assert.ok(all !== undefined && slow !== undefined && slow.latencyMs >= all.latencyMs);
  const [latencies, causes, happenings] = writeTail(tail);
  assert.match(latencies ?? '', /^\| Keyfob, with the probe +\|/m);
  assert.match(causes ?? '', /^\| its batch commits +\|/m);
  assert.match(happenings ?? '', /^\| commit, no checkpoint beside it +\|/m);
});
