import { refreshInputOf, sortNumbers } from './steps.ts';
import type { GrantRecord, Step, StoreContents } from './steps.ts';

/** A step as the run executed it: the generation that a refresh presents, and whether it retries an unknown outcome. */
export type TakenStep = { readonly step: Step; readonly presented: number; readonly isRetryOfOurs: boolean };

/** The visible contents of a store, and its authorization codes, which it does not list. */
export type ModelState = StoreContents & {
  readonly codes: readonly { readonly grant: string; readonly isUsed: boolean }[];
};

/** The answer that a step must give, and the state after it. */
export type Expected = { readonly outcome: string; readonly state: ModelState };

/** The part of a state that can be read from the store. */
export const visibleContents = ({ codes: _codes, ...contents }: ModelState): StoreContents => contents;

/** The model of the store, written from its contract. It shares no code with the store. */
export const expectStep = (state: ModelState, taken: TakenStep): Expected => {
  const { step } = taken;
  switch (step.verb) {
    case 'registerKey':
      if (state.keys.includes(step.number)) return { outcome: 'done', state };
      return { outcome: 'done', state: { ...state, keys: sortNumbers([...state.keys, step.number]) } };
    case 'checkpoint':
      return { outcome: 'done', state };
    case 'createClient':
    case 'renameClient':
    case 'addSecret':
      return expectClientStep(state, step);
    case 'createGrant':
      return expectGrantCreation(state, step.grant, step.client);
    case 'prune': {
      const kept = state.grants.filter(
        ({ revokedAt }) => revokedAt === null || revokedAt >= step.endedBefore,
      );
      return {
        outcome: `pruned ${state.grants.length - kept.length}`,
        state: { ...state, grants: kept },
      };
    }
    case 'createCode':
    case 'redeemCode':
      return expectCodeStep(state, taken, step);
    case 'refresh':
    case 'revoke':
    case 'reinstate':
      return expectGrantStep(state, taken, step);
  }
};

const expectClientStep = (
  state: ModelState,
  step: Step & { readonly verb: 'createClient' | 'renameClient' | 'addSecret' },
): Expected => {
  const { client: id } = step;
  const before = state.clients.find((client) => client.id === id);
  const otherClients = state.clients.filter((client) => client.id !== id);
  const withClient = (client: StoreContents['clients'][number]): ModelState => ({
    ...state,
    clients: [...otherClients, client].sort((left, right) => (left.id < right.id ? -1 : 1)),
  });
  if (step.verb === 'createClient') {
    if (before !== undefined) return { outcome: 'id_taken', state };
    const client = { id, name: id, rotation: step.rotation, secrets: [`${id} first`] };
    return { outcome: 'created', state: withClient(client) };
  }
  if (before === undefined) return { outcome: 'unknown', state };
  if (step.verb === 'renameClient')
    return { outcome: 'changed', state: withClient({ ...before, name: step.name }) };
  // Secret ids are random, so the contract defines no answer for a duplicate: no outcome matches.
  if (before.secrets.includes(step.secret)) return { outcome: 'none', state };
  return {
    outcome: 'added',
    state: withClient({ ...before, secrets: [...before.secrets, step.secret].sort() }),
  };
};

const sortById = (grants: readonly GrantRecord[]): readonly GrantRecord[] =>
  [...grants].sort((left, right) =>
    BigInt.asIntN(64, BigInt(`0x${left.id}`)) < BigInt.asIntN(64, BigInt(`0x${right.id}`)) ? -1 : 1,
  );

const expectGrantCreation = (state: ModelState, id: string, clientId: string): Expected => {
  if (state.grants.some((grant) => grant.id === id)) return { outcome: 'id_taken', state };
  if (!state.clients.some((client) => client.id === clientId)) return { outcome: 'client_unknown', state };
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
  const grants = sortById([...state.grants, grant]);
  return {
    outcome: 'created',
    state: { ...state, grants, grantEvents: withEvent(state, 'grant.created', id) },
  };
};

/** The grant events with one more, unless `kind` is undefined. */
const withEvent = (
  { grantEvents }: StoreContents,
  kind: string | undefined,
  grant: string,
): readonly string[] => (kind === undefined ? grantEvents : [...grantEvents, `${kind} ${grant}`].sort());

const expectCodeStep = (
  state: ModelState,
  { isRetryOfOurs }: TakenStep,
  step: Step & { readonly verb: 'createCode' | 'redeemCode' },
): Expected => {
  const { grant: id } = step;
  const code = state.codes.find(({ grant }) => grant === id);
  const otherCodes = state.codes.filter(({ grant }) => grant !== id);
  if (step.verb === 'createCode') {
    if (!state.clients.some((client) => client.id === step.client))
      return { outcome: 'client_unknown', state };
    if (code !== undefined) return { outcome: 'id_taken', state };
    return { outcome: 'created', state: { ...state, codes: [...otherCodes, { grant: id, isUsed: false }] } };
  }
  if (!state.clients.some((client) => client.id === 'client-overlap'))
    return { outcome: 'client_gone', state };
  if (code === undefined) return { outcome: 'refuse code_unknown', state };
  if (!code.isUsed) {
    const { state: withGrant } = expectGrantCreation(state, id, 'client-overlap');
    const codes = [...otherCodes, { grant: id, isUsed: true }];
    return { outcome: 'redeem', state: { ...withGrant, codes } };
  }
  if (isRetryOfOurs) return { outcome: 'repeat', state };
  const grants = state.grants.map((grant) =>
    grant.id === id ? { ...grant, revokedAt: grant.revokedAt ?? step.at } : grant,
  );
  const isRevokedBefore = state.grants.every((grant) => grant.id !== id || grant.revokedAt !== null);
  const grantEvents = withEvent(state, isRevokedBefore ? undefined : 'grant.revoked', id);
  return { outcome: 'replay', state: { ...state, grants, grantEvents } };
};

const expectGrantStep = (
  state: ModelState,
  { presented, isRetryOfOurs }: TakenStep,
  step: Step & { readonly verb: 'refresh' | 'revoke' | 'reinstate' },
): Expected => {
  const before = state.grants.find(({ id }) => id === step.grant);
  const rotation = state.clients.find(({ id }) => id === before?.clientId)?.rotation;
  const change = (outcome: string, grant: GrantRecord, kind?: string): Expected => ({
    outcome,
    state: {
      ...state,
      grants: state.grants.map((other) => (other.id === grant.id ? grant : other)),
      grantEvents: withEvent(state, kind, grant.id),
    },
  });
  if (step.verb === 'refresh') {
    if (rotation === undefined) return { outcome: 'client_gone', state };
    if (before === undefined) return { outcome: 'refuse unknown', state };
    if (before.revokedAt !== null) return { outcome: 'refuse revoked', state };
    if (presented === before.generation) return change('rotate', successorOf(before, step));
    if (presented === before.generation - 1) {
      const isRepeated = isRetryOfOurs || rotation === 'overlap';
      return { outcome: isRepeated ? 'repeat' : 'refuse concurrent_use', state };
    }
    return { outcome: 'none', state };
  }
  if (before === undefined) return { outcome: 'unknown', state };
  if (step.verb === 'revoke')
    return before.revokedAt === null
      ? change('revoked', { ...before, revokedAt: step.at }, 'grant.revoked')
      : { outcome: 'revoked_before', state };
  return before.revokedAt === null
    ? { outcome: 'not_revoked', state }
    : change('reinstated', { ...before, revokedAt: null }, 'grant.reinstated');
};

const successorOf = (
  before: GrantRecord,
  { keyNumber }: Step & { readonly verb: 'refresh' },
): GrantRecord => {
  const generation = before.generation + 1;
  const { nowMs, userAgent, useDigest } = refreshInputOf(before.id, generation);
  return {
    ...before,
    generation,
    keyNumber,
    rotatedAtMs: [...before.rotatedAtMs, nowMs],
    rotatedBy: userAgent,
    useDigest: useDigest === undefined ? null : Buffer.from(useDigest).toString('hex'),
  };
};
