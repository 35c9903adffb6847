import { inOrder, useOf } from './fault-sweep-steps.ts';
import type { Facts, GrantFacts, Step } from './fault-sweep-steps.ts';

/** A step as it was taken: a refresh presents a generation, perhaps again after an answer of "unknown". */
export type Taken = { readonly step: Step; readonly presented: number; readonly isRetryOfOurs: boolean };

/** What a step has to answer on a store that holds `facts`, and what the store holds afterwards. */
export type Expected = { readonly outcome: string; readonly facts: Facts };

/** The model of the store, written from its contract: no line of the store's own code is in it. */
export const expectStep = (facts: Facts, taken: Taken): Expected => {
  const { step } = taken;
  switch (step.verb) {
    case 'registerKey':
      if (facts.keys.includes(step.number)) return { outcome: 'done', facts };
      return { outcome: 'done', facts: { ...facts, keys: inOrder([...facts.keys, step.number]) } };
    case 'checkpoint':
      return { outcome: 'done', facts };
    case 'createClient':
    case 'renameClient':
    case 'addSecret':
      return expectOfClient(facts, step);
    case 'createGrant':
      return expectCreation(facts, step.grant, step.client);
    case 'prune': {
      const kept = facts.grants.filter(
        ({ revokedAt }) => revokedAt === null || revokedAt >= step.endedBefore,
      );
      return {
        outcome: `pruned ${facts.grants.length - kept.length}`,
        facts: { ...facts, grants: kept },
      };
    }
    case 'refresh':
    case 'revoke':
    case 'reinstate':
      return expectOfGrant(facts, taken, step);
  }
};

const expectOfClient = (
  facts: Facts,
  step: Step & { readonly verb: 'createClient' | 'renameClient' | 'addSecret' },
): Expected => {
  const { client: id } = step;
  const before = facts.clients.find((one) => one.id === id);
  const others = facts.clients.filter((one) => one.id !== id);
  const keep = (client: Facts['clients'][number]): Facts => ({
    ...facts,
    clients: [...others, client].sort((left, right) => (left.id < right.id ? -1 : 1)),
  });
  if (step.verb === 'createClient') {
    if (before !== undefined) return { outcome: 'id_taken', facts };
    const client = { id, name: id, rotation: step.rotation, secrets: [`${id} first`] };
    return { outcome: 'created', facts: keep(client) };
  }
  if (before === undefined) return { outcome: 'unknown', facts };
  if (step.verb === 'renameClient')
    return { outcome: 'changed', facts: keep({ ...before, name: step.name }) };
  // Ids of secrets are random, so the contract has no word for one that is there already: no answer fits.
  if (before.secrets.includes(step.secret)) return { outcome: 'none', facts };
  return { outcome: 'added', facts: keep({ ...before, secrets: [...before.secrets, step.secret].sort() }) };
};

const sortById = (grants: readonly GrantFacts[]): readonly GrantFacts[] =>
  [...grants].sort((left, right) =>
    BigInt.asIntN(64, BigInt(`0x${left.id}`)) < BigInt.asIntN(64, BigInt(`0x${right.id}`)) ? -1 : 1,
  );

const expectCreation = (facts: Facts, id: string, clientId: string): Expected => {
  if (facts.grants.some((grant) => grant.id === id)) return { outcome: 'id_taken', facts };
  if (!facts.clients.some((client) => client.id === clientId)) return { outcome: 'client_unknown', facts };
  const grant = {
    id,
    clientId,
    generation: 0,
    keyNumber: 1,
    rotatedAtMs: [],
    rotatedBy: null,
    useDigest: null,
    revokedAt: null,
  };
  return { outcome: 'created', facts: { ...facts, grants: sortById([...facts.grants, grant]) } };
};

const expectOfGrant = (
  facts: Facts,
  { presented, isRetryOfOurs }: Taken,
  step: Step & { readonly verb: 'refresh' | 'revoke' | 'reinstate' },
): Expected => {
  const before = facts.grants.find(({ id }) => id === step.grant);
  const rotation = facts.clients.find(({ id }) => id === before?.clientId)?.rotation;
  const keep = (outcome: string, grant: GrantFacts): Expected => ({
    outcome,
    facts: { ...facts, grants: facts.grants.map((one) => (one.id === grant.id ? grant : one)) },
  });
  if (step.verb === 'refresh') {
    if (rotation === undefined) return { outcome: 'client_gone', facts };
    if (before === undefined) return { outcome: 'refuse unknown', facts };
    if (before.revokedAt !== null) return { outcome: 'refuse revoked', facts };
    if (presented === before.generation) return keep('rotate', successorOf(before, step));
    if (presented === before.generation - 1) {
      const isRepeated = isRetryOfOurs || rotation === 'overlap';
      return { outcome: isRepeated ? 'repeat' : 'refuse raced', facts };
    }
    return { outcome: 'none', facts };
  }
  if (before === undefined) return { outcome: 'unknown', facts };
  if (step.verb === 'revoke')
    return before.revokedAt === null
      ? keep('revoked', { ...before, revokedAt: step.at })
      : { outcome: 'revoked_before', facts };
  return before.revokedAt === null
    ? { outcome: 'not_revoked', facts }
    : keep('reinstated', { ...before, revokedAt: null });
};

const successorOf = (before: GrantFacts, { keyNumber }: Step & { readonly verb: 'refresh' }): GrantFacts => {
  const generation = before.generation + 1;
  const { nowMs, userAgent, useDigest } = useOf(before.id, generation);
  return {
    ...before,
    generation,
    keyNumber,
    rotatedAtMs: [...before.rotatedAtMs, nowMs],
    rotatedBy: userAgent,
    useDigest: useDigest === undefined ? null : Buffer.from(useDigest).toString('hex'),
  };
};
