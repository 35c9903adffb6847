import { redeemHonestly, stealCode, stealCodeAlone } from './code-actors.ts';
import { checkCodes } from './code-checkers.ts';
import { restartCodeNode, startCodeNode } from './code-node.ts';
import { agree, createCodeWorld, registerCodeClient } from './code-world.ts';
import type { CodeClient, CodeFault, CodeRecord, CodeWorld } from './code-world.ts';
import { CODE_FAULTS } from './code-world.ts';
import { keepInMemory } from './memory-backend.ts';
import type { Keep } from './simulated-store.ts';
import type { Outcome } from './simulate.ts';

const MINUTE_MS = 60_000;
const LENGTH_MS = 60 * MINUTE_MS;
const OWNERS_MAX = 12;

/** Lives an hour in which owners give consent, from beginning to end, and checks it. `tell` gets every step. */
export const simulateCodes = async (
  seed: number,
  tell?: (line: string) => void,
  keep: Keep = keepInMemory,
): Promise<Outcome> => {
  const world = await createCodeWorld(seed, tell, keep);
  const { prng, schedule, keys, store, nodes, clients } = world;
  const { number, createdAt, fingerprint } = keys.ring().newest;
  await store.registerKey({ number, createdAt, fingerprint });
  for (const client of clients) await registerCodeClient(world, client);
  const nodeCount = world.has('many-nodes') ? prng.between(2, 3) : 1;
  while (nodes.length < nodeCount) nodes.push(startCodeNode(world, nodes.length + 1));
  for (let left = prng.between(3, OWNERS_MAX); left > 0; left--) {
    const owner = prng.pick(clients);
    const afterMs = prng.between(0, LENGTH_MS / 2);
    schedule.after(afterMs, () => void consent(world, owner, `code-${left}`));
  }
  void trouble(world);
  await schedule.run(schedule.nowMs() + LENGTH_MS);
  await checkCodes(world);
  await store.close();
  const faults = CODE_FAULTS.filter((fault) => world.has(fault));
  return {
    seed,
    faults,
    presentations: world.codes.reduce((sum, code) => sum + code.uses.length, 0),
    grants: world.codes.filter(({ first }) => first !== undefined).length,
    violations: world.violations,
  };
};

/** An owner agrees, and everybody goes to work who is after the code. */
const consent = async (world: CodeWorld, owner: CodeClient, name: string): Promise<void> => {
  const code = await agree(world, owner, name);
  void redeemHonestly(world, code);
  if (world.has('thief') && world.prng.chance(0.5)) void stealCode(world, code);
  if (world.has('stranger') && world.prng.chance(0.7)) void stealCodeAlone(world, code);
};

/** Waits for the very moment in which a code reaches a node, though not for ever. */
const nextUse = ({ schedule, waiting }: CodeWorld): Promise<void> =>
  Promise.race([new Promise<void>((resolve) => void waiting.push(resolve)), schedule.sleep(10 * MINUTE_MS)]);

/** What happens to the machines, and what the operator does meanwhile. */
const trouble = async (world: CodeWorld): Promise<void> => {
  const { prng, schedule, nodes, clients, store, keys } = world;
  const acts: Partial<Record<CodeFault, () => Promise<void>>> = {
    'node-deaths': async () => restartCodeNode(world, prng.pick(nodes)),
    'store-away': async () => {
      world.isStoreAway = true;
      await schedule.sleep(prng.between(100, MINUTE_MS));
      world.isStoreAway = false;
    },
    'key-rotations': async () => {
      keys.add(Math.floor(schedule.nowMs() / 1000));
      const { number, createdAt, fingerprint } = keys.ring().newest;
      await store.registerKey({ number, createdAt, fingerprint });
    },
    'operator-disables': async () => {
      const client = prng.pick(clients);
      // Between the client's authentication and the code's judgement, as often as not.
      if (prng.chance(0.7)) await nextUse(world).then(() => schedule.sleep(prng.between(0, 4)));
      for (const isDisabled of [true, false]) {
        const disabledAt = isDisabled ? Math.floor(schedule.nowMs() / 1000) : null;
        await store.changeClient(client.id, { disabledAt });
        Object.assign(client, { isDisabled, changedAtMs: schedule.nowMs() });
        await schedule.sleep(prng.between(100, 3 * MINUTE_MS));
      }
    },
    'operator-restores': async () => restore(world),
  };
  const possible = Object.entries(acts).flatMap(([fault, act]) =>
    world.has(fault as CodeFault) ? [act] : [],
  );
  while (possible.length > 0) {
    await schedule.sleep(prng.real() * 6 * MINUTE_MS);
    await prng.pick(possible)();
  }
};

/** Makes a backup, or puts the one there is in the place of the store: grants made since are lost, codes are not. */
const restore = async (world: CodeWorld): Promise<void> => {
  const { backup, store, codes } = world;
  if (backup === undefined || world.prng.chance(0.5)) {
    world.backup = await store.backUp();
    return;
  }
  world.trace(() => 'the operator restores a backup');
  const generationOf = async ({ id }: CodeRecord) => (await store.look(id))?.generation;
  const before = new Map<CodeRecord, number | undefined>();
  for (const code of codes) before.set(code, await generationOf(code));
  await backup.restore();
  for (const [code, generation] of before)
    if (generation !== undefined && (await generationOf(code)) !== generation) code.isLost = true;
};
