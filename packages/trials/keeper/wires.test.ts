import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openKeeper, sqliteStore } from '@keyfob/keeper';
import { BMW, clientOf, FORD, HYUNDAI, TESLA, VOLVO } from '@keyfob/keeper/providers';
import type { Provider } from '@keyfob/keeper/providers';
import { armFault, createGrantIn, startSandboxServer } from '@keyfob/sandbox';
import type { NewFault } from '@keyfob/sandbox';
import type { Scope } from '../support/test-directory.ts';
import { changeGrantIn } from './change-grant-in.ts';
import { EXCHANGE_SECONDS, FAST, KEYS } from './kept-world.ts';

/** The wires besides those that every other trial of the keeper speaks, with the keeper's profile of a maker. */
const WIRES: Readonly<Record<string, Provider>> = {
  ping: VOLVO,
  'azure-b2c': FORD,
  tesla: TESLA,
  ccapi: HYUNDAI,
  forgerock: BMW,
};

/** Faults before the token is used. */
const HARMLESS: readonly NewFault['do'][] = [{ status: 503 }, { loseAnswer: 'beforeCommit' }];

/** A fault after it, which a wire that answers a used token again survives. */
const LOST: NewFault['do'] = { loseAnswer: 'afterCommit' };
const SURVIVES_LOSS: ReadonlySet<Provider['repeats']['kind']> = new Set(['overlap', 'free']);

/** A world, and a keeper that knows it by a profile as it is: only the host and the waiting time differ. */
const openWire = async (scope: Scope, dialect: string, profile: Provider) => {
  const sandbox = await startSandboxServer();
  const world = await sandbox.createWorld();
  const directory = mkdtempSync(join(tmpdir(), 'keeper-wire-'));
  const { clientId = '', clientSecret = '' } = world.clients.find(dialect) ?? {};
  const keeper = await openKeeper({
    store: sqliteStore(join(directory, 'keeper.db')),
    keys: KEYS,
    clients: {
      cars: clientOf(profile, {
        clientId,
        clientSecret,
        origin: world.url,
        perSecondMax: 1000,
        differences: { exchangeSeconds: EXCHANGE_SECONDS },
      }),
    },
    timing: FAST,
  });
  scope.after(async () => {
    await keeper.close({ waitMs: 3000 });
    await sandbox.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const { refreshToken } = await createGrantIn(world, { client: dialect });
  await keeper.put('car', 'cars', { refreshToken });
  return { sandbox, world, keeper };
};

for (const [dialect, profile] of Object.entries(WIRES))
  describe(`the keeper at ${dialect}, with the profile ${profile.name}`, () => {
    for (const action of SURVIVES_LOSS.has(profile.repeats.kind) ? [...HARMLESS, LOST] : HARMLESS)
      it(`keeps a car through ${JSON.stringify(action)} and one more refresh`, async (scope) => {
        const { world, keeper } = await openWire(scope, dialect, profile);
        armFault(world, { do: action });
        const rejected = await keeper.token('car', { waitMs: 60_000 });
        assert.notEqual(await keeper.token('car', { rejected, waitMs: 60_000 }), rejected);
      });

    it('takes the refusal of a dead token for one, and nothing else', async (scope) => {
      const { sandbox, world, keeper } = await openWire(scope, dialect, profile);
      const { refreshToken } = await createGrantIn(world, { client: dialect });
      await keeper.put('other car', 'cars', { refreshToken });
      await changeGrantIn({ sandbox, world }, 'revoke');
      // A wire whose refusals leave open whose fault they are: another car shows that the client is right.
      await keeper.tryToken('car', { waitMs: 1000 });
      await keeper.token('other car', { waitMs: 60_000 });
      const result = await keeper.tryToken('car', { waitMs: 60_000 });
      assert.equal(result.status, 'needs_consent');
    });

    it('takes an error of the client for one of the client: the car is kept', async (scope) => {
      const { world, keeper } = await openWire(scope, dialect, profile);
      armFault(world, { do: { status: 401, errorCode: 'invalid_client' } });
      assert.notEqual((await keeper.tryToken('car')).status, 'needs_consent');
    });
  });
