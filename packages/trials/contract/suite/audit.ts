import assert from 'node:assert/strict';
import { faultOfEntry, NO_ENTRY } from '@keyfob/server/operators';
import type { AuditEntry, NewAuditEntry } from '@keyfob/server/operators';
import { NOW_MS } from '../../support/samples.ts';
import type { OnReopened, OnStore, OnTwo } from '../register.ts';

const entry = (action: string, target = ''): NewAuditEntry => ({
  atMs: NOW_MS,
  operator: { kind: 'key', id: 'k1', name: 'Day "낮" desk', role: 'support' },
  action,
  target,
  reason: 'the owner called\nline two',
  requestId: 'r1',
  outcome: 'asked',
  details: '{"redirectUris":["https://app.example/"]}',
});

const assertChain = (entries: readonly AuditEntry[]): void => {
  let head = NO_ENTRY;
  for (const one of entries) {
    assert.equal(faultOfEntry(head, one), undefined);
    head = one;
  }
};

/** appendAudit, listAudit and readAuditHead. */
export const auditContract = (onStore: OnStore): void => {
  onStore('An empty audit log has no entry and the head before the first.', async (store) => {
    assert.deepEqual(await store.listAudit({ after: 0, limit: 10 }), []);
    assert.deepEqual(await store.readAuditHead(), NO_ENTRY);
  });

  onStore(
    'Entries are read back as they were written, in one chain that ends at the head.',
    async (store) => {
      const appended = [];
      for (const action of ['client.create', 'grant.read', 'grant.revoke'])
        appended.push(await store.appendAudit(entry(action, 'grant:1')));
      const read = await store.listAudit({ after: 0, limit: 10 });
      assert.deepEqual(read, appended);
      assert.deepEqual(
        read.map(({ sequence }) => sequence),
        [1, 2, 3],
      );
      assertChain(read);
      const { sequence, hash } = read[2] ?? NO_ENTRY;
      assert.deepEqual(await store.readAuditHead(), { sequence, hash });
    },
  );

  onStore('The log can be narrowed to one operator, also with a target.', async (store) => {
    for (const [id, target] of [
      ['one', 'a'],
      ['other', 'a'],
      ['one', 'b'],
      ['one', 'a'],
    ] as const) {
      const wanted = entry('grant.read', target);
      await store.appendAudit({ ...wanted, operator: { ...wanted.operator, id } });
    }
    const sequencesOf = async (page: Parameters<typeof store.listAudit>[0]) =>
      (await store.listAudit(page)).map(({ sequence }) => sequence);
    assert.deepEqual(await sequencesOf({ after: 0, limit: 10, operatorId: 'one' }), [1, 3, 4]);
    assert.deepEqual(await sequencesOf({ before: 4, limit: 1, operatorId: 'one' }), [3]);
    assert.deepEqual(await sequencesOf({ before: 9, limit: 10, operatorId: 'one', target: 'a' }), [4, 1]);
    assert.deepEqual(await sequencesOf({ after: 0, limit: 10, operatorId: 'nobody' }), []);
  });

  onStore('A search is found by each grant that it showed, and an entry once.', async (store) => {
    const grants = ['5f0c6a9de01b42ff', '5f0c6a9de01b4300'];
    await store.appendAudit({ ...entry('grant.find'), details: JSON.stringify({ by: ['vin'], grants }) });
    await store.appendAudit(entry('grant.read', 'grant:5f0c6a9de01b42ff'));
    await store.appendAudit({
      ...entry('grant.find', 'grant:5f0c6a9de01b42ff'),
      details: JSON.stringify({ grants }),
    });
    await store.appendAudit({ ...entry('grant.find'), details: '{"grants":7,"cut":true}' });
    const sequencesOf = async (page: Parameters<typeof store.listAudit>[0]) =>
      (await store.listAudit(page)).map(({ sequence }) => sequence);
    const [first, second] = grants.map((id) => `grant:${id}`);
    assert.deepEqual(await sequencesOf({ before: 9, limit: 10, target: first }), [3, 2, 1]);
    assert.deepEqual(await sequencesOf({ after: 0, limit: 10, target: second }), [1, 3]);
    assert.deepEqual(await sequencesOf({ before: 3, limit: 1, target: second, operatorId: 'k1' }), [1]);
    assert.deepEqual(await sequencesOf({ after: 0, limit: 10, target: '' }), []);
  });

  onStore('The log is read from either end, as a whole or of one target.', async (store) => {
    for (const [index, target] of ['a', 'b', 'a', 'b', 'a'].entries())
      await store.appendAudit(entry(`act.${index}`, target));
    const sequencesOf = async (page: Parameters<typeof store.listAudit>[0]) =>
      (await store.listAudit(page)).map(({ sequence }) => sequence);
    assert.deepEqual(await sequencesOf({ after: 1, limit: 2 }), [2, 3]);
    assert.deepEqual(await sequencesOf({ before: 5, limit: 2 }), [4, 3]);
    assert.deepEqual(await sequencesOf({ after: 0, limit: 10, target: 'a' }), [1, 3, 5]);
    assert.deepEqual(await sequencesOf({ before: 5, limit: 10, target: 'a' }), [3, 1]);
    assert.deepEqual(await sequencesOf({ after: 0, limit: 10, target: 'c' }), []);
  });
};

export const auditRacingContract = (onTwo: OnTwo): void => {
  onTwo(
    'Two connections that append at once make one chain, also for the first entry.',
    async (one, other) => {
      const appends = Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? one : other).appendAudit(entry(`act.${index}`)),
      );
      await Promise.all(appends);
      const read = await one.listAudit({ after: 0, limit: 100 });
      assert.equal(read.length, 20);
      assertChain(read);
      assert.deepEqual(await other.listAudit({ after: 0, limit: 100 }), read);
    },
  );
};

export const auditLastingContract = (onReopened: OnReopened): void => {
  onReopened('The chain continues after a restart.', async (store, reopen) => {
    await store.appendAudit(entry('act.1'));
    const again = await reopen();
    await again.appendAudit(entry('act.2'));
    const read = await again.listAudit({ after: 0, limit: 10 });
    assert.equal(read.length, 2);
    assertChain(read);
  });
};
