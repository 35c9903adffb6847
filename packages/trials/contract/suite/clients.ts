import assert from 'node:assert/strict';
import { SECRETS_MAX } from '@keyfob/server/clients';
import {
  CREATED_AT_MS,
  fill,
  OVERLAP_POLICY,
  sampleClient,
  sampleGrant,
  sampleSecret,
  sampleUse,
} from '../../support/samples.ts';
import { sampleLogo } from '../../support/sample-logo.ts';
import { NOW_MS, STRICT_POLICY } from '../../support/samples.ts';
import type { OnStore } from '../register.ts';

/** The verbs about clients. */
export const clientContract = (onStore: OnStore): void => {
  creation(onStore);
  changes(onStore);
  removal(onStore);
  redirects(onStore);
  secrets(onStore);
};

const creation = (onStore: OnStore): void => {
  onStore('A created client reads back unchanged, including secrets and policy.', async (store) => {
    const client = sampleClient({
      dialect: 'pleos',
      policy: {
        ...STRICT_POLICY,
        grantLifetimeSeconds: 3600,
        requireUserAgent: true,
        dialectOptions: { deadTokenCode: '4011' },
      },
      disabledAtMs: CREATED_AT_MS + 3000,
      secrets: [
        sampleSecret('one', { expiresAtMs: CREATED_AT_MS + 60_000 }),
        sampleSecret('two', { createdAtMs: CREATED_AT_MS + 1000 }),
      ],
    });
    assert.equal(await store.createClient(client), 'created');
    assert.deepEqual((await store.readClient('client-a')).client, client);
    assert.deepEqual(await store.listClients(), [client]);
  });

  onStore(
    'The keys of a client read back as they were registered, change and can be removed.',
    async (store) => {
      const jwk = {
        kty: 'OKP',
        crv: 'Ed25519',
        x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
        kid: 'é"1',
      } as const;
      await store.createClient(sampleClient({ keys: { jwks: [jwk] } }));
      const keys = async () => (await store.readClient('client-a')).client?.keys;
      assert.deepEqual(await keys(), { jwks: [jwk] });
      await store.changeClient('client-a', { name: 'Renamed' });
      assert.deepEqual(await keys(), { jwks: [jwk] });
      await store.changeClient('client-a', { jwksUri: 'https://app.example/jwks' });
      assert.deepEqual(await keys(), { jwksUri: 'https://app.example/jwks' });
      await store.changeClient('client-a', { jwks: { keys: [jwk] } });
      assert.deepEqual(await keys(), { jwks: [jwk] });
      await store.changeClient('client-a', { jwks: null });
      assert.equal(await keys(), undefined);
    },
  );

  onStore('Creating a client under an existing id does not change the first client.', async (store) => {
    await store.createClient(sampleClient());
    const again = sampleClient({ name: 'Another', secrets: [sampleSecret('new')] });
    assert.equal(await store.createClient(again), 'id_taken');
    assert.deepEqual((await store.readClient('client-a')).client, sampleClient());
  });

  onStore(
    'The redirect URIs of public clients are those of the enabled ones, as they are now.',
    async (store) => {
      const [app, changed, other] = [
        'https://app.example/',
        'com.example:/',
        'https://other.example/',
      ] as const;
      await store.createClient(
        sampleClient({ id: 'a', type: 'public', secrets: [], redirectUris: [app, changed] }),
      );
      await store.createClient(sampleClient({ id: 'b', type: 'public', secrets: [], redirectUris: [other] }));
      await store.createClient(sampleClient({ id: 'c', redirectUris: ['https://server.example/'] }));
      const list = async () => [...(await store.listPublicRedirectUris())].sort();
      assert.deepEqual(await list(), [app, changed, other].sort());
      await store.changeClient('a', { redirectUris: [changed] });
      await store.changeClient('b', { disabledAtMs: CREATED_AT_MS });
      assert.deepEqual(await list(), [changed]);
      await store.changeClient('b', { disabledAtMs: null });
      await store.removeClient('a', { withGrants: true });
      assert.deepEqual(await list(), [other]);
    },
  );

  onStore('An unknown client reads as undefined.', async (store) => {
    await store.createClient(sampleClient());
    assert.equal((await store.readClient('client-b')).client, undefined);
    assert.equal((await store.readClient('')).client, undefined);
    assert.equal((await store.readClient('CLIENT-A')).client, undefined);
  });
};

const changes = (onStore: OnStore): void => {
  onStore('A change affects only the fields that it names.', async (store) => {
    await store.createClient(sampleClient({ secrets: [sampleSecret('one')] }));
    const read = async () => (await store.readClient('client-a')).client;
    let client = sampleClient({ secrets: [sampleSecret('one')] });
    for (const change of [{}, { name: '' }, { policy: STRICT_POLICY }, { name: 'Renamed' }]) {
      assert.equal(await store.changeClient('client-a', change), 'changed');
      client = { ...client, ...change };
      assert.deepEqual(await read(), client);
    }
  });

  onStore(
    'A client is disabled with its time, stays disabled through other changes, and can be enabled again.',
    async (store) => {
      await store.createClient(sampleClient());
      const disabledAtMs = async () => (await store.readClient('client-a')).client?.disabledAtMs;
      await store.changeClient('client-a', { disabledAtMs: CREATED_AT_MS + 1000 });
      await store.changeClient('client-a', { name: 'Renamed' });
      assert.equal(await disabledAtMs(), CREATED_AT_MS + 1000);
      await store.changeClient('client-a', { disabledAtMs: null });
      assert.equal(await disabledAtMs(), undefined);
    },
  );

  onStore('Changing an unknown client answers "unknown" and creates none.', async (store) => {
    assert.equal(await store.changeClient('client-a', { name: 'New' }), 'unknown');
    assert.deepEqual(await store.listClients(), []);
  });
};

const removal = (onStore: OnStore): void => {
  onStore('A client that has grants is removed only together with them.', async (store) => {
    await fill(store);
    await store.createClient(sampleClient({ id: 'client-b' }));
    await store.createGrant(sampleGrant({ id: 7n, clientId: 'client-b' }));
    await store.refresh(sampleUse(0));
    await store.refresh(sampleUse(0, { nowMs: NOW_MS + 100_000 }));
    assert.equal(await store.removeClient('client-a', { withGrants: false }), 'has_grants');
    assert.equal((await store.readGrant(42n))?.generation, 1);
    assert.equal(await store.removeClient('client-a', { withGrants: true }), 'removed');
    assert.equal((await store.readClient('client-a')).client, undefined);
    assert.equal(await store.readGrant(42n), undefined);
    assert.equal(await store.readReplay(42n), undefined);
    assert.equal(await store.countGrants(), 1);
    assert.equal((await store.readGrant(7n))?.clientId, 'client-b');
  });

  onStore('A client without grants is removed; an unknown client is reported as unknown.', async (store) => {
    await store.createClient(sampleClient({ secrets: [sampleSecret('one')] }));
    assert.equal(await store.removeClient('client-a', { withGrants: false }), 'removed');
    for (const withGrants of [false, true])
      assert.equal(await store.removeClient('client-a', { withGrants }), 'unknown');
    assert.deepEqual(await store.listClients(), []);
  });

  onStore('A client that is created under the id of a removed one inherits nothing.', async (store) => {
    await store.createClient(sampleClient({ secrets: [sampleSecret('one')] }));
    await store.readClient('client-a');
    await store.removeClient('client-a', { withGrants: true });
    const recreated = sampleClient({ name: 'Recreated', policy: STRICT_POLICY });
    assert.equal(await store.createClient(recreated), 'created');
    assert.deepEqual((await store.readClient('client-a')).client, recreated);
  });
};

const secrets = (onStore: OnStore): void => {
  onStore('Secrets are added and removed one by one.', async (store) => {
    const [one, two] = [
      sampleSecret('one'),
      sampleSecret('two', { createdAtMs: CREATED_AT_MS + 1000, expiresAtMs: CREATED_AT_MS + 9000 }),
    ];
    await store.createClient(sampleClient({ secrets: [one] }));
    const read = async () => (await store.readClient('client-a')).client?.secrets;
    assert.equal(await store.addSecret('client-a', two), 'added');
    assert.deepEqual(await read(), [one, two]);
    assert.equal(await store.removeSecret('client-a', 'one'), 'removed');
    assert.deepEqual(await read(), [two]);
    assert.equal(await store.removeSecret('client-a', 'one'), 'unknown');
    assert.equal(await store.removeSecret('client-a', 'two'), 'removed');
    assert.deepEqual(await read(), []);
  });

  onStore('A new secret may end the others, none later than before, and there is a limit.', async (store) => {
    const endsAtMs = CREATED_AT_MS + 9000;
    const [never, early, late] = [
      sampleSecret('a'),
      sampleSecret('b', { expiresAtMs: endsAtMs - 1 }),
      sampleSecret('c', { expiresAtMs: endsAtMs + 1 }),
    ];
    await store.createClient(sampleClient({ secrets: [never, early, late] }));
    const made = sampleSecret('d', { createdAtMs: CREATED_AT_MS + 1000 });
    assert.equal(await store.addSecret('client-a', made, { othersEndAtMs: endsAtMs }), 'added');
    const ended = { expiresAtMs: endsAtMs };
    const left = [{ ...never, ...ended }, early, { ...late, ...ended }, made];
    assert.deepEqual((await store.readClient('client-a')).client?.secrets, left);
    for (let count = left.length; count < SECRETS_MAX; count++)
      assert.equal(await store.addSecret('client-a', sampleSecret(`e-${count}`)), 'added');
    assert.equal(await store.addSecret('client-a', sampleSecret('one too many')), 'too_many');
    assert.equal((await store.readClient('client-a')).client?.secrets.length, SECRETS_MAX);
  });

  onStore(
    'A secret is not added to an unknown client, and not removed through another client.',
    async (store) => {
      await store.createClient(sampleClient({ secrets: [sampleSecret('one')] }));
      await store.createClient(sampleClient({ id: 'client-b' }));
      assert.equal(await store.addSecret('client-c', sampleSecret('two')), 'unknown');
      assert.equal(await store.removeSecret('client-b', 'one'), 'unknown');
      assert.equal(await store.removeSecret('client-c', 'one'), 'unknown');
      assert.deepEqual((await store.readClient('client-a')).client?.secrets, [sampleSecret('one')]);
      assert.deepEqual((await store.readClient('client-a')).client?.policy, OVERLAP_POLICY);
    },
  );
};

const ONE = 'https://app.example/one';
const TWO = 'http://127.0.0.1/two';

const redirects = (onStore: OnStore): void => {
  onStore('A client reads back with its type and its redirect URIs.', async (store) => {
    const clients = [
      sampleClient({ id: 'a', redirectUris: [TWO, ONE], consentRedirectUri: 'com.example.app:/x' }),
      sampleClient({ id: 'b', type: 'public', redirectUris: [ONE] }),
      sampleClient({ id: 'c', type: 'resource-server' }),
    ];
    for (const client of clients) assert.equal(await store.createClient(client), 'created');
    assert.deepEqual(await store.listClients(), clients);
  });

  onStore('Redirect URIs are replaced, added and removed, and nothing else changes.', async (store) => {
    const client = sampleClient({ redirectUris: [ONE], secrets: [sampleSecret('one')] });
    await store.createClient(client);
    const read = async () => (await store.readClient('client-a')).client;
    const steps = [
      [{ addedRedirectUris: [TWO] }, { redirectUris: [ONE, TWO] }],
      [{ addedRedirectUris: [TWO, ONE] }, { redirectUris: [ONE, TWO] }],
      [{ removedRedirectUris: [ONE] }, { redirectUris: [TWO] }],
      [{ redirectUris: [ONE] }, { redirectUris: [ONE] }],
      [{ consentRedirectUri: TWO }, { redirectUris: [ONE], consentRedirectUri: TWO }],
      [{ name: 'Renamed' }, { redirectUris: [ONE], consentRedirectUri: TWO, name: 'Renamed' }],
      [
        { consentRedirectUri: null, redirectUris: [] },
        { redirectUris: [], name: 'Renamed' },
      ],
    ] as const;
    for (const [change, after] of steps) {
      assert.equal(await store.changeClient('client-a', change), 'changed');
      assert.deepEqual(await read(), { ...client, ...after });
    }
  });

  onStore('What owners see of a client is stored, changed and removed, field by field.', async (store) => {
    const client = sampleClient({ redirectUris: [ONE] });
    await store.createClient(client);
    const read = async () => (await store.readClient('client-a')).client;
    assert.deepEqual(await read(), client);
    const logo = sampleLogo();
    const privacyUrl = 'https://app.example/privacy';
    await store.changeClient('client-a', { developer: 'Example, "GmbH" \u{1f697}', privacyUrl, logo });
    const profile = (await read())?.profile;
    assert.equal(profile?.developer, 'Example, "GmbH" \u{1f697}');
    assert.equal(profile.privacyUrl, privacyUrl);
    assert.deepEqual(profile.logo?.bytes, Uint8Array.from(logo));
    await store.createClient(sampleClient({ id: 'client-b', profile }));
    assert.deepEqual((await store.readClient('client-b')).client?.profile, profile);
    await store.changeClient('client-a', { logo: null });
    assert.deepEqual((await read())?.profile, { ...profile, logo: undefined });
    await store.changeClient('client-a', { developer: '', privacyUrl: null });
    assert.deepEqual(await read(), client);
  });

  onStore('A change that would make a client invalid is refused with its faults.', async (store) => {
    const before = [
      sampleClient({ id: 'a', redirectUris: [ONE] }),
      sampleClient({ id: 'b', type: 'public' }),
      sampleClient({ id: 'c', type: 'resource-server' }),
    ];
    for (const client of before) await store.createClient(client);
    const refused = [
      ['a', { name: 'Renamed', addedRedirectUris: ['http://app.example/'] }],
      ['a', { name: 'Renamed', removedRedirectUris: [TWO] }],
      ['b', { name: 'Renamed', policy: { rotation: 'none' } }],
      ['b', { disabledAt: 5, policy: { onReplay: 'observe' } }],
      ['c', { redirectUris: [ONE] }],
    ] as const;
    for (const [id, change] of refused) {
      const outcome = await store.changeClient(id, change);
      assert.ok(typeof outcome === 'object' && outcome.faults.length === 1, JSON.stringify(outcome));
    }
    assert.deepEqual(await store.listClients(), before);
  });
};
