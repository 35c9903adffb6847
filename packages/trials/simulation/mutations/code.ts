import type { Mutation } from '../../support/mutation.ts';

const judge = 'server/src/grants/judge-code.ts';
const decide = 'server/src/grants/decide-code.ts';
const redeem = 'server/src/grant-types/authorization-code.ts';
const redeemPresented = 'server/src/grant-types/redeem-code.ts';
const memory = 'trials/support/memory-store/consents.ts';

/** Possible bugs in the handling of authorization codes, in the verdict and in the store. */
export const CODE_MUTATIONS: readonly Mutation[] = [
  {
    name: 'a code works twice',
    file: judge,
    search: "if (code.redeemedAtMs === undefined) return { kind: 'redeem' };",
    replacement: "return { kind: 'redeem' };",
    seed: 1,
  },
  {
    name: 'a second use counts as a repeat',
    file: judge,
    search: "return { kind: 'replay' };",
    replacement: "return { kind: 'repeat' };",
    seed: 3,
  },
  {
    name: 'a replayed code revokes nothing',
    file: judge,
    search: "return { kind: 'replay' };",
    replacement: "return refuse('code_expired');",
    seed: 3,
  },
  {
    name: 'a page that is loaded again revokes its grant',
    file: judge,
    search: "return refuse('code_reloaded');",
    replacement: "return { kind: 'replay' };",
    seed: 3,
  },
  {
    name: 'another client may use a used code again without harm',
    file: judge,
    search: "? { kind: 'replay' }",
    replacement: "? refuse('code_reloaded')",
    seed: 37,
  },
  {
    name: 'a code is valid for 15 minutes',
    file: judge,
    search: 'toMillis(now.lifetimeSeconds)) return',
    replacement: '900_000) return',
    seed: 5,
  },
  {
    name: 'an expired code from an old page revokes its grant',
    file: judge,
    search: "toMillis(now.lifetimeSeconds)) return refuse('code_expired');",
    replacement:
      "toMillis(now.lifetimeSeconds)) return code.redeemedAtMs === undefined ? refuse('code_expired') : { kind: 'replay' };",
    seed: 26,
  },
  {
    name: 'the redirect URI is not compared',
    file: judge,
    search: "if (!isSameRedirect(code, presented)) return refuse('code_redirect_wrong');",
    replacement: '',
    seed: 1,
  },
  {
    name: 'a redirect URI is compared by its beginning',
    file: judge,
    search: ': presented.redirectUri === (redirectUri ?? presented.onlyRedirectUri);',
    replacement: ": presented.redirectUri.startsWith(redirectUri ?? '');",
    seed: 1,
  },
  {
    name: 'PKCE is not checked',
    file: judge,
    search:
      "if (!isVerified(code.codeChallenge, presented.codeVerifier)) return refuse('code_verifier_wrong');",
    replacement: '',
    seed: 3,
  },
  {
    name: 'PKCE is checked only where a verifier is sent',
    file: judge,
    search: 'verifier === undefined ? challenge === undefined :',
    replacement: 'verifier === undefined ? true :',
    seed: 12,
  },
  {
    name: 'a verifier without a challenge is accepted',
    file: judge,
    search: ': challenge === hash(',
    replacement: ': challenge === undefined || challenge === hash(',
    seed: 3,
  },
  {
    name: 'any client may use any code',
    file: judge,
    search: 'if (code.clientId !== presented.clientId) return judgeForeignUse(code, presented, now);',
    replacement: '',
    seed: 3,
  },
  {
    name: 'a code is valid for every brand',
    file: judge,
    search: 'code.brand !== undefined && code.brand !== presented.brand',
    replacement: 'false',
    seed: 1,
  },
  {
    name: 'a thief without the verifier revokes the grant',
    file: judge,
    search: "presented.codeVerifier)) return refuse('code_verifier_wrong');",
    replacement:
      "presented.codeVerifier)) return code.redeemedAtMs === undefined ? refuse('code_verifier_wrong') : { kind: 'replay' };",
    seed: 3,
  },
  {
    name: 'a refused request consumes the code',
    file: memory,
    search: 'storeGrantEvents(tables, grantEvents);\n  return result;',
    replacement:
      "storeGrantEvents(tables, grantEvents);\n  if (result.verdict.kind === 'refuse') tables.codes.delete(grantId);\n  return result;",
    seed: 1,
  },
  {
    name: 'every Idempotency-Key of a code matches',
    file: judge,
    search: 'isSameUse(code.useDigest, presented.useDigest)',
    replacement: '(code.useDigest !== undefined && presented.useDigest !== undefined)',
    seed: 11,
  },
  {
    name: 'the Idempotency-Key of a code is not kept',
    file: decide,
    search: 'redeemedAtMs: nowMs, useDigest: presented.useDigest }',
    replacement: 'redeemedAtMs: nowMs, useDigest: undefined }',
    seed: 1,
  },
  {
    name: 'a retry after our own 503 counts as a second use',
    file: redeemPresented,
    search: 'undecided.note(use, error);',
    replacement: '',
    seed: 13,
  },
  {
    name: 'a use that was answered stays undecided',
    file: 'server/src/grants/undecided-uses.ts',
    search: 'if (uses.size > 0) uses.delete(nameOf(use));',
    replacement: '',
    seed: 6,
  },
  {
    name: 'a late repeat gets the current refresh token',
    file: decide,
    search: "return grant.generation === 0 ? undefined : 'concurrent_use';",
    replacement: 'return undefined;',
    seed: 67,
  },
  {
    name: 'a repeat gets revoked tokens',
    file: decide,
    search: "if (status === 'expired' || status === 'revoked') return status;",
    replacement: '',
    seed: 16,
  },
  {
    name: 'a revocation is reported with every replay',
    file: redeemPresented,
    search: 'if (hasRevoked && grant !== undefined)',
    replacement: 'if (grant !== undefined)',
    seed: 11,
  },
  {
    name: 'the store redeems for a disabled client',
    file: memory,
    search: "if (!isEnabled(client)) return 'client_gone';",
    replacement: "if (client === undefined) return 'client_gone';",
    seed: 10,
  },
  {
    name: 'a restore makes used codes valid again',
    file: 'trials/support/memory-store/store.ts',
    search: '{ ...restored, codes,',
    replacement: '{ ...restored,',
    seed: 6,
  },
  {
    name: 'a revocation by a replayed code creates no grant event',
    file: decide,
    search: 'grantEvents: change.grantEvents',
    replacement: 'grantEvents: []',
    seed: 3,
  },
  {
    name: 'the row keeps the code instead of a digest of its key',
    file: redeemPresented,
    search: 'useDigest: digestUse(request.idempotencyKey),',
    replacement: 'useDigest: Buffer.from(request.parameters.code),',
    seed: 2,
  },
  {
    name: 'a code outage looks like a dead code',
    file: 'server/src/http/failures.ts',
    search: "new Refusal('store_unavailable')",
    replacement: "new Refusal('code_unknown')",
    seed: 3,
  },
  {
    name: 'a public client needs no verifier',
    file: redeem,
    search: "if (request.client.type === 'public' && request.parameters.code_verifier === undefined)",
    replacement: "if (request.parameters.code_verifier === '')",
    seed: 3,
  },
];
