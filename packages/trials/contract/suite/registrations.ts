import assert from 'node:assert/strict';
import { REGISTRATION_TOKENS_MAX } from '@keyfob/server/clients';
import { faultInEnglish } from '@keyfob/server/errors';
import type { ClientPlace, Registration, RegistrationToken } from '@keyfob/server/clients';
import { NOW_MS, sampleClient } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

const digest = (seed: number): Uint8Array => new Uint8Array(32).fill(seed).with(31, seed >> 8);

const TERMS = {
  dialect: 'oauth',
  profile: 'none',
  grantScope: 'read_odometer',
  isApproved: false,
} as const;

const token = (seed: number, more: Partial<RegistrationToken> = {}): RegistrationToken => ({
  id: `token-${String(seed).padStart(4, '0')}`,
  name: 'Example GmbH',
  digest: digest(seed),
  terms: TERMS,
  usesLeft: 2,
  createdAtMs: NOW_MS,
  expiresAtMs: NOW_MS + 1000,
  ...more,
});

const PENDING: Registration = {
  terms: TERMS,
  version: 1,
  approvedAtMs: undefined,
  tokens: ['aa'.repeat(32)],
};

const selfRegistered = (id: string, registration = PENDING) =>
  sampleClient({ id, disabledAtMs: NOW_MS, registration });

/** Stores answer bytes of different classes. */
const readable = (found: RegistrationToken | undefined) => found && { ...found, digest: [...found.digest] };

/** Registration tokens, and clients that register themselves. */
export const registrationContract = (onStore: OnStore): void => {
  onStore('A registration token is found by its digest, listed and removed.', async (store) => {
    const [one, other] = [token(1, { createdAtMs: NOW_MS + 1 }), token(2, { name: '예시' })];
    for (const each of [one, other]) assert.equal(await store.createRegistrationToken(each), 'created');
    assert.equal(await store.createRegistrationToken(token(1, { digest: digest(3) })), 'id_taken');
    assert.deepEqual((await store.listRegistrationTokens()).map(readable), [other, one].map(readable));
    assert.deepEqual(readable(await store.findRegistrationToken(digest(1))), readable(one));
    assert.equal(await store.removeRegistrationToken(one.id), 'removed');
    assert.equal(await store.removeRegistrationToken(one.id), 'unknown');
    assert.equal(await store.findRegistrationToken(digest(1)), undefined);
  });

  onStore('There is a limit to registration tokens, and those that ended make room.', async (store) => {
    for (let seed = 1; seed < REGISTRATION_TOKENS_MAX; seed++)
      await store.createRegistrationToken(token(seed));
    await store.createRegistrationToken(token(500, { expiresAtMs: NOW_MS - 1 }));
    assert.equal(await store.createRegistrationToken(token(501)), 'created');
    assert.equal(await store.createRegistrationToken(token(502)), 'too_many');
  });

  onStore(
    'A registration token registers as many clients as it may, and none after its end.',
    async (store) => {
      await store.createRegistrationToken(token(1));
      assert.equal(await store.registerByToken(digest(9), selfRegistered('a'), NOW_MS), 'token_ended');
      assert.equal(await store.registerByToken(digest(1), selfRegistered('a'), NOW_MS + 1000), 'token_ended');
      assert.equal(await store.registerByToken(digest(1), selfRegistered('a'), NOW_MS), 'created');
      assert.equal(await store.registerByToken(digest(1), selfRegistered('a'), NOW_MS), 'id_taken');
      // Of three callers with the last use, one gets it.
      const outcomes = await Promise.all(
        ['b', 'c', 'd'].map((id) => store.registerByToken(digest(1), selfRegistered(id), NOW_MS)),
      );
      assert.deepEqual(outcomes.sort(), ['created', 'token_ended', 'token_ended']);
      assert.equal((await store.findRegistrationToken(digest(1)))?.usesLeft, 0);
      assert.equal((await store.listClients()).length, 2);
      assert.deepEqual((await store.readClient('a')).client, selfRegistered('a'));
    },
  );

  onStore('A client that registered itself is enabled by approval only, of what was seen.', async (store) => {
    await store.createClient(selfRegistered('a'));
    const enabled = await store.changeClient('a', { disabledAtMs: null });
    assert.ok(
      typeof enabled === 'object' &&
        enabled.faults.map(faultInEnglish).join().includes('registration approve'),
    );
    const [used, next] = [PENDING.tokens[0] ?? '', 'bb'.repeat(32)];
    const changed = { kind: 'changed', version: 1, used, next, proposed: undefined } as const;
    assert.equal(await store.changeClient('a', { name: 'Other', registration: changed }), 'changed');
    const stale = { kind: 'approved', version: 1, atMs: NOW_MS } as const;
    assert.ok(
      typeof (await store.changeClient('a', { disabledAtMs: null, registration: stale })) === 'object',
    );
    assert.equal((await store.readClient('a')).client?.disabledAtMs, NOW_MS);
    const fresh = { ...stale, version: 2 };
    assert.equal(await store.changeClient('a', { disabledAtMs: null, registration: fresh }), 'changed');
    const { client } = await store.readClient('a');
    assert.deepEqual(
      [client?.name, client?.disabledAtMs, client?.registration],
      ['Other', undefined, { terms: TERMS, version: 3, approvedAtMs: NOW_MS, tokens: [next, used] }],
    );
    // A change that was judged before the approval, as that of a client that gets nothing yet, comes too late.
    const late = { ...changed, version: 2 };
    assert.ok(typeof (await store.changeClient('a', { name: 'Late', registration: late })) === 'object');
    assert.equal((await store.readClient('a')).client?.name, 'Other');
  });

  onStore(
    'Clients that wait for approval are listed page by page, until they are decided.',
    async (store) => {
      const approved: Registration = { ...PENDING, approvedAtMs: NOW_MS };
      const asksMore: Registration = { ...approved, proposed: { client_name: 'More' } };
      const registrations = [PENDING, approved, asksMore, { ...PENDING, tokens: [] }, PENDING];
      for (const [index, registration] of registrations.entries()) {
        const id = `client-${index}`;
        await store.createClient({ ...sampleClient({ id, createdAtMs: NOW_MS - index }), registration });
      }
      await store.createClient(sampleClient());
      await store.createRegistrationToken(token(1));
      await store.registerByToken(digest(1), selfRegistered('by-token'), NOW_MS);
      const approval = { kind: 'approved', version: 1, atMs: NOW_MS } as const;
      const pages = async (): Promise<readonly (readonly string[])[]> => {
        const found: string[][] = [];
        let after: ClientPlace | undefined;
        do {
          const page = await store.listWaitingClients({ after, limit: 2 });
          after = page.at(-1);
          if (page.length > 0) found.push(page.map(({ id }) => id));
          // A page goes on after a client that waits no more.
          if (after?.id === 'client-4') await store.changeClient('client-4', { registration: approval });
        } while (after !== undefined);
        return found;
      };
      assert.deepEqual(await pages(), [
        ['by-token', 'client-4'],
        ['client-2', 'client-0'],
      ]);
      await store.changeClient('client-2', { registration: { kind: 'refused', version: 1 } });
      const [used, next] = [PENDING.tokens[0] ?? '', 'bb'.repeat(32)];
      const proposed = { client_name: 'Other' };
      const asked = { kind: 'changed', version: 1, used, next, proposed } as const;
      await store.changeClient('client-1', { registration: asked });
      await store.removeClient('by-token', { withGrants: false });
      assert.deepEqual(await pages(), [['client-1', 'client-0']]);
    },
  );
};
