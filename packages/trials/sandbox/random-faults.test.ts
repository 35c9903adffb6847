import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { advanceClock, armFault, createGrantIn } from '@keyfob/sandbox';
import type { FaultAction, JournalEntry, World } from '@keyfob/sandbox';
import { createPrng } from '../support/prng.ts';
import type { Prng } from '../support/prng.ts';
import { openSandbox } from './support.ts';
import { refreshWithin } from './requests.ts';

/** A change of the sandbox deserves more of them; 150 take six minutes. */
const SEEDS = Array.from({ length: 6 }, (_, index) => index + 1);
const CLIENTS = ['smartcar', 'pleos', 'smartcar-until-used', 'smartcar-strict'] as const;
const ROUNDS = 40;
const OVERLAP_SECONDS = 60;

/** A grant, and every refresh token of it that any of its holders got. */
type Held = { readonly grant: string; readonly client: string; readonly tokens: string[] };

const anyLoss = (prng: Prng): FaultAction => ({
  loseAnswer: prng.pick(['beforeCommit', 'afterCommit']),
  how: prng.pick(['reset', 'close', 'halfBody', 'hang']),
});

/** What a fault may do without moving the clock. */
const anyAction = (prng: Prng): FaultAction =>
  prng.pick([
    () => anyLoss(prng),
    () => anyLoss(prng),
    () => ({ delayMilliseconds: prng.between(0, 20), of: prng.pick(['request', 'answer']) }),
    () => ({ status: 503, bodyName: 'nginx-503', at: prng.pick(['beforeCommit', 'afterCommit']) }),
    () => ({ errorCode: 'temporarily_unavailable', status: 429, at: 'beforeCommit' as const }),
    () => ({ duplicateRequest: true as const }),
    () => ({ tls: 'reset' as const }),
    () => ({ truncateBody: prng.between(0, 200) }),
    () => ({ omit: ['refresh_token', 'refreshToken'] }),
    () => ({ expiresIn: -1 }),
    () => ({ redirect: 'http://127.0.0.1:9/', status: 307 as const, at: 'afterCommit' as const }),
  ])();

const armAny = (world: World, prng: Prng, action: FaultAction): void => {
  const when = prng.pick([
    {},
    { nth: prng.between(1, 4) },
    { every: prng.between(2, 4) },
    { probability: 0.4 },
  ]);
  armFault(world, { on: { ...when }, do: action, times: prng.between(1, 4) });
};

const createGrants = (world: World): Promise<readonly Held[]> =>
  Promise.all(
    CLIENTS.map(async (client) => {
      const { grant, refreshToken } = await createGrantIn(world, { client, subject: `owner of ${client}` });
      return { grant, client, tokens: [refreshToken] };
    }),
  );

/** Sends a token, and remembers what came back. Answers whether a whole pair did. */
const send = async (world: World, held: Held, token: string): Promise<boolean> => {
  const answer = await refreshWithin(world, token, held.client, 300).catch(() => 0);
  if (typeof answer === 'number' || answer.refreshToken === '') return false;
  if (!held.tokens.includes(answer.refreshToken)) held.tokens.push(answer.refreshToken);
  return true;
};

/** All that came to an end, in the order of arrival. */
const settle = async (world: World): Promise<readonly JournalEntry[]> => {
  for (;;) {
    const { requests, next } = world.journal.read({});
    if (requests.every(({ stage }) => stage === 'ended'))
      return [...requests].sort((one, other) => one.number - other.number);
    await world.journal.wait({ after: next, waitMs: 5000 });
  }
};

const generationOf = (token: string | undefined): number => Number(token?.split('/')[1] ?? -1);

/** What is true of every world, whatever happens to its requests. */
const checkInvariants = async (
  world: World,
  grants: readonly Held[],
  entries: readonly JournalEntry[],
): Promise<void> => {
  for (const { grant: name, client } of grants) {
    const id = world.grants.find(name);
    const stored = id === undefined ? undefined : await world.store.current().readGrant(id);
    assert.ok(stored !== undefined);
    const own = entries.filter(({ grant }) => grant === name);
    const about = `${name} of ${client}`;
    const replays = own.filter(({ verdict }) => verdict === 'replay');
    // A replay stores the end of the grant, and no generation.
    const advances = own.filter(({ isCommitted, verdict }) => isCommitted && verdict !== 'replay');
    assert.equal(
      stored.generation,
      advances.length,
      `${about}: what the journal calls committed is what is stored`,
    );
    assert.equal(stored.revocation !== undefined, replays.length > 0, `${about} was lost only by a replay`);
    for (const { token } of replays)
      assert.ok(generationOf(token) < stored.generation, `${about}: only an older token is a replay`);
    for (const { answer, number } of own)
      assert.ok(generationOf(answer?.refreshToken) <= stored.generation, `${about}: request ${number}`);
  }
  for (const { verdict, isCommitted, number } of entries)
    assert.ok(verdict !== 'none' || !isCommitted, `request ${number} was not seen, and stored something`);
  const text = JSON.stringify(entries);
  for (const token of grants.flatMap(({ tokens }) => tokens)) assert.ok(!text.includes(token));
};

describe('Random faults and random clients', () => {
  for (const seed of SEEDS)
    test(`chaos, seed ${seed}: old tokens, races and a clock that moves`, async (t) => {
      const prng = createPrng(seed);
      const sandbox = await openSandbox(t);
      const world = await sandbox.createWorld({ clock: '2026-01-01', seed: `chaos ${seed}` });
      const grants = await createGrants(world);
      for (let round = 0; round < ROUNDS; round++) {
        const held = prng.pick(grants);
        const newest = held.tokens.at(-1) ?? '';
        if (prng.chance(0.3)) armAny(world, prng, anyAction(prng));
        if (prng.chance(0.05)) armAny(world, prng, { delaySeconds: prng.between(1, 90), movesClock: true });
        if (prng.chance(0.2))
          await advanceClock(world, { byMs: prng.between(1, 2 * OVERLAP_SECONDS) * 1000 });
        // Mostly the newest token; sometimes two holders at once, sometimes an older one.
        if (prng.chance(0.2)) await Promise.all([send(world, held, newest), send(world, held, newest)]);
        else await send(world, held, prng.chance(0.06) ? prng.pick(held.tokens) : newest);
      }
      await checkInvariants(world, grants, await settle(world));
    });

  for (const seed of SEEDS)
    test(`honest clients, seed ${seed}: repeated inside the overlap, no lost answer costs a grant`, async (t) => {
      const prng = createPrng(seed);
      const sandbox = await openSandbox(t);
      const world = await sandbox.createWorld({ clock: '2026-01-01', seed: `honest ${seed}` });
      const grants = (await createGrants(world)).filter(({ client }) =>
        /^smartcar(?:-until-used)?$/.test(client),
      );
      for (let round = 0; round < 8; round++) {
        for (let count = prng.between(0, 3); count > 0; count--) armAny(world, prng, anyAction(prng));
        await Promise.all(
          grants.map(async (held) => {
            const token = held.tokens.at(-1) ?? '';
            // A fault happens four times at most, so this ends.
            while (!(await send(world, held, token)));
          }),
        );
        await advanceClock(world, { byMs: prng.between(1, 10 * OVERLAP_SECONDS) * 1000 });
      }
      const entries = await settle(world);
      assert.ok(entries.every(({ verdict }) => verdict !== 'replay'));
      await checkInvariants(world, grants, entries);
    });
});
