import assert from 'node:assert/strict';
import { CODE_LIFETIME_SECONDS, CODE_RELOAD_SECONDS } from '@keyfob/server/grants';
import type { CodeVerdict } from '@keyfob/server/grants';
import {
  CREATED_AT_MS,
  fill,
  fillWithCode,
  NOW_MS,
  redeemed,
  refreshed,
  sampleClient,
  sampleCode,
  sampleCodeUse,
  sampleGrant,
  sampleUse,
  sampleVehicle,
} from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

const KEY = new Uint8Array(16).fill(7);
const OTHER_KEY = new Uint8Array(16).fill(8);
/** RFC 7636, Appendix B. */
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const END_MS = NOW_MS + CODE_LIFETIME_SECONDS * 1000;
/** Too late for a page that is loaded again. The first use is at `NOW_MS + 1000`. */
const SECOND_MS = NOW_MS + 1000 + CODE_RELOAD_SECONDS * 1000;

export const codeContract = (onStore: OnStore): void => {
  creations(onStore);
  redemptions(onStore);
  secondUses(onStore);
  redirects(onStore);
  refusals(onStore);
};

/** A code issued this number of seconds after the sample code. */
const laterCode = (seconds: number) =>
  sampleCode({ grantId: 43n + BigInt(seconds), issuedAtMs: NOW_MS + seconds * 1000 });

const creations = (onStore: OnStore): void => {
  onStore('A code is stored only for a known client, and only under an unused id.', async (store) => {
    assert.equal(await store.createCode(sampleCode()), 'client_unknown');
    await fill(store, {}, { id: 43n });
    assert.equal(await store.createCode(sampleCode()), 'created');
    assert.equal(await store.createCode(sampleCode({ subject: 'owner-2' })), 'id_taken');
    assert.equal(await store.createCode(sampleCode({ grantId: 43n })), 'id_taken');
    assert.equal((await redeemed(store)).grant?.subject, 'owner-1');
    assert.equal(await store.createCode(sampleCode()), 'id_taken');
  });

  onStore('A code that is not redeemed creates no grant, no consent and no grant event.', async (store) => {
    await fillWithCode(store, { vehicles: [sampleVehicle()] });
    assert.equal(await store.countGrants(), 0);
    assert.equal(await store.readGrant(42n), undefined);
    assert.deepEqual(await store.listVehicles(42n), []);
    assert.deepEqual(await store.listConsents('owner-1', { limit: 10 }), []);
    assert.deepEqual(await store.listGrantEvents({ after: 0, limit: 10 }), []);
  });

  onStore(
    'A code is dropped when another is created that asks for it, and its id can be used again.',
    async (store) => {
      await fillWithCode(store);
      await store.createCode(laterCode(CODE_LIFETIME_SECONDS), NOW_MS);
      const { verdict } = await redeemed(store, sampleCodeUse({ nowMs: END_MS }));
      assert.deepEqual(verdict, { kind: 'refuse', reason: 'code_expired' });
      await store.createCode(laterCode(86_400), NOW_MS + 1);
      const again = await redeemed(store, sampleCodeUse({ nowMs: END_MS }));
      assert.deepEqual(again.verdict, { kind: 'refuse', reason: 'code_unknown' });
      assert.equal(await store.createCode(sampleCode()), 'created');
    },
  );
};

const redemptions = (onStore: OnStore): void => {
  onStore(
    'Redeeming a code creates a grant at its first generation, with everything that the owner agreed to.',
    async (store) => {
      const vehicles = [sampleVehicle(2), sampleVehicle(1, { nickname: '우리 차' })];
      await fillWithCode(store, { brand: 'kia', scope: 'a b', subject: 'Owner 한', vehicles });
      const use = sampleCodeUse({ keyNumber: 3, nowMs: NOW_MS + 1999, presented: { brand: 'kia' } });
      const { verdict, grant, policy, hasRevoked } = await redeemed(store, use);
      assert.deepEqual([verdict, hasRevoked, policy], [{ kind: 'redeem' }, false, sampleClient().policy]);
      const { brand, scope, subject } = { brand: 'kia', scope: 'a b', subject: 'Owner 한' } as const;
      const createdAtMs = NOW_MS + 1999;
      assert.deepEqual(grant, sampleGrant({ brand, scope, subject, createdAtMs, keyNumber: 3 }));
      assert.deepEqual(await store.readGrant(42n), grant);
      assert.deepEqual(await store.listVehicles(42n), vehicles.toReversed());
      assert.deepEqual(await store.listConsents(subject, { limit: 10 }), [grant]);
      const next = await refreshed(store, sampleUse(0, { presented: { brand: 'kia' } }));
      assert.equal(next.grant?.generation, 1);
    },
  );

  onStore('The code of a grant with a negative id is redeemed like any other.', async (store) => {
    const grantId = -(2n ** 63n);
    await fillWithCode(store, { grantId, vehicles: [sampleVehicle()] });
    assert.equal((await redeemed(store, sampleCodeUse({ presented: { grantId } }))).grant?.id, grantId);
    assert.deepEqual((await store.listVehicles(grantId)).length, 1);
  });

  onStore(
    'A use that is sent again with its Idempotency-Key is a repeat and changes nothing.',
    async (store) => {
      await fillWithCode(store, { vehicles: [sampleVehicle()] });
      const use = sampleCodeUse({ presented: { useDigest: KEY } });
      const { grant } = await redeemed(store, use);
      const again = await redeemed(store, { ...use, nowMs: END_MS - 1, keyNumber: 2 });
      assert.deepEqual([again.verdict, again.grant, again.hasRevoked], [{ kind: 'repeat' }, grant, false]);
      assert.deepEqual(await store.readGrant(42n), grant);
      assert.equal((await store.listGrantEvents({ after: 0, limit: 10 })).length, 1);
    },
  );

  onStore('A retry of a use that got our 503 is a repeat, as often as needed.', async (store) => {
    await fillWithCode(store);
    const { grant } = await redeemed(store);
    for (let time = 0; time < 2; time++) {
      const again = await redeemed(store, sampleCodeUse({ presented: { isRetryOfOurs: true } }));
      assert.deepEqual([again.verdict, again.grant], [{ kind: 'repeat' }, grant]);
    }
  });

  onStore('A second use revokes the grant of the first use, once.', async (store) => {
    await fillWithCode(store);
    await redeemed(store, sampleCodeUse({ presented: { useDigest: KEY } }));
    await refreshed(store, sampleUse(0, { nowMs: NOW_MS + 1500 }));
    const second = sampleCodeUse({ nowMs: SECOND_MS, presented: { useDigest: OTHER_KEY } });
    const revocation = { atMs: SECOND_MS, cause: 'code_replay' };
    const { verdict, grant, hasRevoked } = await redeemed(store, second);
    assert.deepEqual([verdict, hasRevoked, grant?.revocation], [{ kind: 'replay' }, true, revocation]);
    assert.deepEqual(await store.readGrant(42n), grant);
    for (const generation of [0, 1]) {
      const dead = await refreshed(store, sampleUse(generation, { nowMs: SECOND_MS + 500 }));
      assert.deepEqual(dead.verdict, { kind: 'refuse', reason: 'revoked' });
    }
    const third = await redeemed(store, { ...second, nowMs: SECOND_MS + 9000 });
    assert.deepEqual([third.verdict, third.hasRevoked], [{ kind: 'replay' }, false]);
    assert.deepEqual(third.grant?.revocation, revocation);
    const kinds = (await store.listGrantEvents({ after: 0, limit: 10 })).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['grant.created', 'grant.revoked']);
  });

  onStore('A repeat after the grant was revoked gets the revoked grant.', async (store) => {
    await fillWithCode(store);
    const use = sampleCodeUse({ presented: { useDigest: KEY } });
    await redeemed(store, use);
    await store.revoke(42n, { nowMs: CREATED_AT_MS, cause: 'owner' });
    const again = await redeemed(store, use);
    assert.deepEqual([again.verdict, again.grant?.revocation?.cause], [{ kind: 'repeat' }, 'owner']);
    const second = await redeemed(store, sampleCodeUse({ nowMs: SECOND_MS }));
    assert.deepEqual([second.verdict, second.hasRevoked], [{ kind: 'replay' }, false]);
    assert.equal(second.grant?.revocation?.cause, 'owner');
  });

  onStore('A code whose grant is gone creates no second grant.', async (store) => {
    await fillWithCode(store);
    const use = sampleCodeUse({ presented: { useDigest: KEY } });
    await redeemed(store, use);
    await store.prune({ limit: 10, endedBeforeMs: CREATED_AT_MS + 10 ** 12 });
    for (const presented of [use.presented, sampleCodeUse().presented]) {
      const { grant, hasRevoked } = await redeemed(store, { ...use, presented, nowMs: SECOND_MS });
      assert.deepEqual([grant, hasRevoked], [undefined, false]);
    }
    assert.equal(await store.countGrants(), 0);
  });
};

const secondUses = (onStore: OnStore): void => {
  onStore('A page that is loaded again within ten seconds changes nothing.', async (store) => {
    await fillWithCode(store);
    const { grant } = await redeemed(store);
    for (const nowMs of [NOW_MS + 1000, SECOND_MS - 1]) {
      const { verdict, hasRevoked } = await redeemed(store, sampleCodeUse({ nowMs }));
      assert.deepEqual([verdict, hasRevoked], [{ kind: 'refuse', reason: 'code_reloaded' }, false]);
    }
    assert.deepEqual(await store.readGrant(42n), grant);
    assert.equal((await store.listGrantEvents({ after: 0, limit: 10 })).length, 1);
  });

  onStore('A second use by another client revokes the grant of the first use at once.', async (store) => {
    await fillWithCode(store, { vehicles: [sampleVehicle()] });
    await store.createClient(sampleClient({ id: 'client-b' }));
    const presented = { clientId: 'client-b', redirectUri: 'https://other.example/' } as const;
    const foreign = sampleCodeUse({ presented });
    const before = await redeemed(store, foreign);
    assert.deepEqual(before.verdict, { kind: 'refuse', reason: 'code_client_mismatch' });
    await redeemed(store);
    const { verdict, hasRevoked, grant } = await redeemed(store, foreign);
    assert.deepEqual([verdict, hasRevoked, grant?.clientId], [{ kind: 'replay' }, true, 'client-a']);
    assert.deepEqual(await store.readGrant(42n), grant);
    const revocation = (await store.listGrantEvents({ after: 0, limit: 10 })).at(-1);
    assert.deepEqual([revocation?.kind, revocation?.clientId], ['grant.revoked', 'client-a']);
    assert.deepEqual((await redeemed(store, foreign)).hasRevoked, false);
  });
};

const redirects = (onStore: OnStore): void => {
  onStore(
    'A code whose request named no redirect URI is redeemed without one; another one is not.',
    async (store) => {
      const without = sampleCodeUse({ presented: { redirectUri: undefined } });
      const wrong = { kind: 'refuse', reason: 'code_redirect_wrong' };
      await fillWithCode(store);
      assert.deepEqual((await redeemed(store, without)).verdict, wrong);
      assert.equal(await store.createCode(sampleCode({ grantId: 43n, redirectUri: undefined })), 'created');
      const unnamed = sampleCodeUse({ presented: { grantId: 43n, redirectUri: undefined } });
      assert.equal((await redeemed(store, unnamed)).verdict.kind, 'redeem');
    },
  );
};

const refusals = (onStore: OnStore): void => {
  const rows: readonly (readonly [string, Parameters<typeof sampleCodeUse>[0], CodeVerdict])[] = [
    [
      'of another client without its verifier',
      { presented: { clientId: 'client-b', codeVerifier: undefined } },
      { kind: 'refuse', reason: 'code_client_mismatch' },
    ],
    [
      'of another brand',
      { presented: { brand: 'genesis' } },
      { kind: 'refuse', reason: 'code_client_mismatch' },
    ],
    ['after it expired', { nowMs: END_MS }, { kind: 'refuse', reason: 'code_expired' }],
    [
      'with another redirect',
      { presented: { redirectUri: 'https://app.example/' } },
      { kind: 'refuse', reason: 'code_redirect_wrong' },
    ],
    [
      'without its verifier',
      { presented: { codeVerifier: undefined } },
      { kind: 'refuse', reason: 'code_verifier_wrong' },
    ],
    [
      'without the key that it is bound to',
      { presented: { keyThumbprint: undefined } },
      { kind: 'refuse', reason: 'code_key_wrong' },
    ],
    [
      'with another key',
      { presented: { keyThumbprint: VERIFIER } },
      { kind: 'refuse', reason: 'code_key_wrong' },
    ],
    ['that was never issued', { presented: { grantId: 7n } }, { kind: 'refuse', reason: 'code_unknown' }],
  ];
  for (const [name, more, verdict] of rows) {
    onStore(`A code that is presented ${name} changes nothing, before and after its use.`, async (store) => {
      await store.createClient(sampleClient({ id: 'client-b' }));
      await fillWithCode(store, { brand: 'kia', codeChallenge: CHALLENGE, keyThumbprint: CHALLENGE });
      const good = { brand: 'kia', codeVerifier: VERIFIER, keyThumbprint: CHALLENGE } as const;
      const bad = sampleCodeUse({ ...more, presented: { ...good, ...more?.presented } });
      const refused = await redeemed(store, bad);
      assert.deepEqual([refused.verdict, refused.grant], [verdict, undefined]);
      assert.equal(await store.countGrants(), 0);
      const { grant } = await redeemed(store, sampleCodeUse({ presented: good }));
      assert.equal(grant?.generation, 0);
      assert.deepEqual((await redeemed(store, bad)).verdict, verdict);
      assert.deepEqual(await store.readGrant(42n), grant);
    });
  }

  onStore('The code of a disabled or removed client cannot be redeemed.', async (store) => {
    assert.equal(await store.redeemCode(sampleCodeUse()), 'client_gone');
    await fillWithCode(store);
    await store.changeClient('client-a', { disabledAtMs: CREATED_AT_MS });
    assert.equal(await store.redeemCode(sampleCodeUse()), 'client_gone');
    await store.changeClient('client-a', { disabledAtMs: null });
    assert.deepEqual((await redeemed(store)).verdict, { kind: 'redeem' });
  });

  onStore('A client that is created again under the same id inherits no code.', async (store) => {
    await fillWithCode(store);
    await store.removeClient('client-a', { withGrants: false });
    await store.createClient(sampleClient());
    assert.deepEqual((await redeemed(store)).verdict, { kind: 'refuse', reason: 'code_unknown' });
    assert.equal(await store.createCode(sampleCode()), 'created');
  });
};
