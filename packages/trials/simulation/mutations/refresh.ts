import type { Mutation } from './mutation.ts';

const judge = 'server/src/grants/judge.ts';
const applyVerdict = 'server/src/grants/apply-verdict.ts';
const history = 'server/src/grants/rotation-history.ts';
const undecided = 'server/src/grants/undecided-uses.ts';
const memory = 'trials/support/memory-store/grants.ts';

/** Possible bugs in the handling of refresh tokens, in the verdict and in the store. */
export const REFRESH_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a revoked grant still works',
    file: judge,
    search: "if (grant.revocation !== undefined) return refuse('revoked');",
    replacement: '',
    seed: 3,
  },
  {
    name: 'any client may use any token',
    file: judge,
    search: "if (grant.clientId !== presented.clientId) return refuse('client_mismatch');",
    replacement: '',
    seed: 6,
  },
  {
    name: 'the overlap runs from the newest rotation',
    file: judge,
    search: 'firstUseOf(grant.rotatedAtMs, gap);',
    replacement: 'firstUseOf(grant.rotatedAtMs, 1);',
    seed: 3,
  },
  {
    name: 'overlap seconds are read as minutes',
    file: judge,
    search: 'policy.overlapSeconds * 1000',
    replacement: 'policy.overlapSeconds * 60_000',
    seed: 2,
  },
  {
    name: 'a token may be repeated after its successor was used',
    file: judge,
    search: "if (gap === 1 && policy.rotation === 'until-used')",
    replacement: "if (gap <= 2 && policy.rotation === 'until-used')",
    seed: 5,
  },
  {
    name: 'every Idempotency-Key matches',
    file: judge,
    search: 'isSameUse(grant.useDigest, presented.useDigest)',
    replacement: '(grant.useDigest !== undefined && presented.useDigest !== undefined)',
    seed: 20,
  },
  {
    name: 'a race of a client with itself counts as a replay',
    file: judge,
    search: "if (sinceFirstUseMs < raceMs) return refuse('concurrent_use');",
    replacement: '',
    seed: 3,
  },
  {
    name: 'the lifetime of a refresh token starts when the grant is created',
    file: judge,
    search: 'isOver(currentIssuedAtMs(grant), policy',
    replacement: 'isOver(grant.createdAtMs, policy',
    seed: 5,
  },
  {
    name: 'a token that is newer than the store is dead',
    file: judge,
    search: 'lost <= policy.resyncGenerations',
    replacement: 'lost < 0',
    seed: 1,
  },
  {
    name: 'a replay is only observed',
    file: judge,
    search: 'response: policy.onReplay }',
    replacement: "response: 'observe' }",
    seed: 1,
  },
  {
    name: 'a replay revokes under every policy',
    file: applyVerdict,
    search: "if (verdict.response !== 'revoke') return grant;",
    replacement: '',
    seed: 3,
  },
  {
    name: 'a resynchronised grant does not advance past the token that was used',
    file: applyVerdict,
    search: 'return successorOf(grant, use.presented.generation, verdict.lost, use);',
    replacement: 'return successorOf(grant, use.presented.generation - 1, verdict.lost, use);',
    seed: 1,
  },
  {
    name: 'the Idempotency-Key of a use is not kept',
    file: applyVerdict,
    search: 'useDigest: presented.useDigest,',
    replacement: 'useDigest: undefined,',
    seed: 6,
  },
  {
    name: 'only the newest rotation is remembered',
    file: history,
    search: 'moments.length - ROTATIONS_MAX',
    replacement: 'moments.length - 1',
    seed: 3,
  },
  {
    name: 'a use with an unknown outcome is forgotten',
    file: undecided,
    search: 'uses.add(nameOf(use));',
    replacement: '',
    seed: 3,
  },
  {
    name: 'the store reports a rotation that it has not written',
    file: memory,
    search: 'tables.grants.set(grant.id, grant);\n  if (replay',
    replacement: "if (result.verdict.kind !== 'rotate') tables.grants.set(grant.id, grant);\n  if (replay",
    seed: 1,
  },
  {
    name: 'the store refreshes for a disabled client',
    file: memory,
    search: "if (!isEnabled(client)) return 'client_gone';",
    replacement: "if (client === undefined) return 'client_gone';",
    seed: 6,
  },
  {
    name: 'a restore forgets the revocations since the backup',
    file: 'trials/support/memory-store/store.ts',
    search: 'restored.grants.set(id, { ...grant, revocation: known.revocation });',
    replacement: 'restored.grants.set(id, grant ?? known);',
    seed: 31,
  },
  {
    name: 'prune removes grants one day too early',
    file: 'server/src/grants/standing.ts',
    search: '.endsAt < toSeconds(beforeMs)',
    replacement: '.endsAt - 86_400 < toSeconds(beforeMs)',
    seed: 6,
  },
  {
    name: 'the row keeps the refresh token that was used',
    file: 'server/src/grant-types/refresh-token.ts',
    search: 'useDigest: digestUse(request.idempotencyKey),',
    replacement: 'useDigest: Buffer.from(request.parameters.refresh_token),',
    seed: 1,
  },
  {
    name: 'a repeat after a key rotation gets a different string',
    file: 'server/src/grants/issue.ts',
    search: 'tokenIssuer.keyRing.find(grant.keyNumber);',
    replacement: 'tokenIssuer.keyRing.newest;',
    seed: 4,
  },
  {
    name: 'an outage looks like a dead token',
    file: 'server/src/http/failures.ts',
    search: "new Refusal('store_unavailable')",
    replacement: "new Refusal('unknown')",
    seed: 3,
  },
  {
    name: 'a used token counts as a replay while the clock is behind the newest rotation',
    file: judge,
    search: "if (nowMs < currentIssuedAtMs(grant)) return refuse('concurrent_use');",
    replacement: '',
    seed: 6,
  },
  {
    name: 'a refused request of another client makes a node forget an unanswered use',
    file: 'server/src/grant-types/refresh-token.ts',
    search: "if (result === 'client_gone')",
    replacement: "undecided.forget(opened);\n  if (result === 'client_gone')",
    seed: 169,
  },
];
