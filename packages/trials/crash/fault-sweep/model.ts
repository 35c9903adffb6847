import { inOrder, useOf } from './steps.ts';
import type { Facts, GrantFacts, Step } from './steps.ts';

/** A step as it was taken: a refresh presents a generation, perhaps again after an answer of "unknown". */
export type Taken = { readonly step: Step; readonly presented: number; readonly isRetryOfOurs: boolean };

/** What a store holds, and of what it does not show: which codes there are, and which are used. */
export type State = Facts & {
  readonly codes: readonly { readonly grant: string; readonly isUsed: boolean }[];
};

/** What a step has to answer on a store in a state, and the state afterwards. */
export type Expected = { readonly outcome: string; readonly facts: State };

/** What can be read of a state. */
export const shownOf = ({ codes: _codes, ...facts }: State): Facts => facts;

/** The model of the store, written from its contract: no line of the store's own code is in it. */
export const expectStep = (facts: State, taken: Taken): Expected => {
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
    case 'createCode':
    case 'redeemCode':
      return expectOfCode(facts, taken, step);
    case 'refresh':
    case 'revoke':
    case 'reinstate':
      return expectOfGrant(facts, taken, step);
  }
};

const expectOfClient = (
  facts: State,
  step: Step & { readonly verb: 'createClient' | 'renameClient' | 'addSecret' },
): Expected => {
  const { client: id } = step;
  const before = facts.clients.find((one) => one.id === id);
  const others = facts.clients.filter((one) => one.id !== id);
  const keep = (client: Facts['clients'][number]): State => ({
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

const expectCreation = (facts: State, id: string, clientId: string): Expected => {
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
  const grants = sortById([...facts.grants, grant]);
  return { outcome: 'created', facts: { ...facts, grants, told: tell(facts, 'grant.created', id) } };
};

/** A fact more, where something happened that is one. */
const tell = ({ told }: Facts, kind: string | undefined, grant: string): readonly string[] =>
  kind === undefined ? told : [...told, `${kind} ${grant}`].sort();

const expectOfCode = (
  facts: State,
  { isRetryOfOurs }: Taken,
  step: Step & { readonly verb: 'createCode' | 'redeemCode' },
): Expected => {
  const { grant: id } = step;
  const code = facts.codes.find(({ grant }) => grant === id);
  const others = facts.codes.filter(({ grant }) => grant !== id);
  if (step.verb === 'createCode') {
    if (!facts.clients.some((client) => client.id === step.client))
      return { outcome: 'client_unknown', facts };
    if (code !== undefined) return { outcome: 'id_taken', facts };
    return { outcome: 'created', facts: { ...facts, codes: [...others, { grant: id, isUsed: false }] } };
  }
  if (!facts.clients.some((client) => client.id === 'client-overlap'))
    return { outcome: 'client_gone', facts };
  if (code === undefined) return { outcome: 'refuse code_unknown', facts };
  if (!code.isUsed) {
    const { facts: made } = expectCreation(facts, id, 'client-overlap');
    const codes = [...others, { grant: id, isUsed: true }];
    return { outcome: 'redeem', facts: { ...made, codes } };
  }
  if (isRetryOfOurs) return { outcome: 'repeat', facts };
  const grants = facts.grants.map((one) =>
    one.id === id ? { ...one, revokedAt: one.revokedAt ?? step.at } : one,
  );
  const isEnded = facts.grants.every((one) => one.id !== id || one.revokedAt !== null);
  const told = tell(facts, isEnded ? undefined : 'grant.revoked', id);
  return { outcome: 'replay', facts: { ...facts, grants, told } };
};

const expectOfGrant = (
  facts: State,
  { presented, isRetryOfOurs }: Taken,
  step: Step & { readonly verb: 'refresh' | 'revoke' | 'reinstate' },
): Expected => {
  const before = facts.grants.find(({ id }) => id === step.grant);
  const rotation = facts.clients.find(({ id }) => id === before?.clientId)?.rotation;
  const keep = (outcome: string, grant: GrantFacts, kind?: string): Expected => ({
    outcome,
    facts: {
      ...facts,
      grants: facts.grants.map((one) => (one.id === grant.id ? grant : one)),
      told: tell(facts, kind, grant.id),
    },
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
      ? keep('revoked', { ...before, revokedAt: step.at }, 'grant.revoked')
      : { outcome: 'revoked_before', facts };
  return before.revokedAt === null
    ? { outcome: 'not_revoked', facts }
    : keep('reinstated', { ...before, revokedAt: null }, 'grant.reinstated');
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
