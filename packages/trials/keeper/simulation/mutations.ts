import type { Mutation } from '../../support/mutation.ts';

const converse = 'keeper/src/refresh/converse.ts';
const decide = 'keeper/src/grants/decide.ts';
const ambiguity = 'keeper/src/grants/ambiguity.ts';
const readPair = 'keeper/src/refresh/read-pair.ts';
const readAnswer = 'keeper/src/refresh/read-answer.ts';
const spares = 'keeper/src/refresh/spares.ts';
const keep = 'keeper/src/refresh/keep.ts';
const leases = 'keeper/src/refresh/leases.ts';
const timeline = 'keeper/src/timeline.ts';
const provider = 'keeper/src/providers/provider.ts';
const facts = 'keeper/src/grants/client-facts.ts';
const outage = 'keeper/src/grants/outage.ts';
const answerClass = 'keeper/src/grants/answer-class.ts';
const sqlite = 'keeper/src/stores/sqlite/refreshes.ts';

/** A planted bug; `isSlow`: its seed needs so many steps that only `npm run nightly` plants it. */
type KeeperMutation = Mutation & { readonly isSlow?: true };

/** Possible bugs of a keeper, one line each. The simulation must find all of them. */
export const KEEPER_MUTATIONS: readonly KeeperMutation[] = [
  {
    name: 'a pair is stored only by who holds the lease',
    file: keep,
    search: 'const seen = { generation: grant.generation, epoch: grant.epoch };',
    replacement: 'const seen = grant;',
    seed: 13,
  },
  {
    name: 'a token that works once is sent again before the first exchange is over',
    file: ambiguity,
    search: "return silence === 'answered' ? retryAtMs : Math.max(overAtMs, retryAtMs);",
    replacement: 'return retryAtMs;',
    seed: 9,
  },
  {
    name: 'a failure of the server ends the grant',
    file: readAnswer,
    search: "if (status >= 500 || status === 408 || status < 200) return 'ambiguous';",
    replacement: "if (status >= 500 || status === 408 || status < 200) return 'grant_rejected';",
    seed: 2,
  },
  {
    name: 'an answer that the store refuses is not written to the spool',
    file: keep,
    search: 'engine.spool.write(sealed(engine, grant, success));',
    replacement: '',
    seed: 50,
    isSlow: true,
  },
  {
    name: 'a death is announced twice',
    file: decide,
    search: 'return { change, events: [event] };',
    replacement: 'return { change, events: [event, event] };',
    seed: 1,
    isSlow: true,
  },
  {
    name: 'a death is not announced',
    file: decide,
    search: 'return { change, events: [event] };',
    replacement: 'return { change, events: [] };',
    seed: 1,
    isSlow: true,
  },
  {
    name: 'the lease is not looked at before the token leaves',
    file: converse,
    search: 'if (!leases.isHeld(grant.id)) return false;',
    replacement: '',
    seed: 1,
  },
  {
    name: 'a token without an answer is given up',
    file: decide,
    search: "return waitForAnswer(situation, sends, found === 'unusable' ? 'staged' : 'uncertain', ruling);",
    replacement: "return die(situation, sends, 'grant_rejected');",
    seed: 1,
  },
  {
    name: 'inside an overlap nothing is repeated before the exchange is over',
    file: ambiguity,
    search: 'return Math.min(Math.max(insideAtMs, pausedMs), endMs);',
    replacement: 'return overAtMs;',
    seed: 1,
    isSlow: true,
  },
  {
    name: 'a lease never ends',
    file: leases,
    search: 'return endOf(lease) > nowMs || clock.monotonicMs() < doubtUntilMs;',
    replacement: 'return true;',
    seed: 1,
    isSlow: true,
  },
  {
    name: 'a refused client ends its grants',
    file: provider,
    search: "invalid_client: 'client_rejected',",
    replacement: "invalid_client: 'grant_rejected',",
    seed: 19,
    isSlow: true,
  },
  {
    name: 'a request for patience ends the grant',
    file: readAnswer,
    search:
      "if (status === 429 || (status === 503 && hasRetryAfter && !isRepeatable)) return 'rate_limited';",
    replacement: "if (status === 429) return 'grant_rejected';",
    seed: 14,
  },
  {
    name: 'a grant that was believed dead does not come back',
    file: sqlite,
    search: "AND state <> 'closed' AND (:fence IS NULL OR state <> 'dead')",
    replacement: "AND state <> 'closed' AND state <> 'dead'",
    seed: 13,
  },
  {
    name: 'the pair in half an answer is thrown away',
    file: readAnswer,
    search: 'if (status < 200 || status >= 300) return undefined;',
    replacement: 'return undefined;',
    seed: 48,
    isSlow: true,
  },
  {
    name: 'the other pair is not tried',
    file: spares,
    search: 'if (spare === undefined) return undefined;',
    replacement: 'if (spare === undefined || grant.id !== "") return undefined;',
    seed: 3,
  },
  {
    name: 'after a jump forward, what was stored before looks old',
    file: timeline,
    search: '(latestMs < beforeMs ? Math.min(latestMs + byMs, beforeMs) : latestMs)',
    replacement: 'latestMs',
    seed: 26,
    isSlow: true,
  },
  {
    name: 'during an outage every grant is tried',
    file: facts,
    search: 'if (before.outage !== undefined || isAnswered || !isOutage(failed, nowMs, timing))',
    replacement: 'if (nowMs > 0)',
    seed: 6,
    isSlow: true,
  },
  {
    name: 'an outage holds up a token whose overlap goes on',
    file: outage,
    search: "if (repeats.kind === 'overlap' && count > 0 && firstAtMs !== undefined)",
    replacement: 'if (count > 1e9 && firstAtMs !== undefined)',
    seed: 98,
    isSlow: true,
  },
  {
    name: 'a repeat that could not leave holds up the next one beyond the overlap',
    file: decide,
    search:
      'Math.min(atMs, insideAt(situation, sends, situation.pausedUntilMs)));\n};\n\nconst waitForClient',
    replacement: 'atMs);\n};\n\nconst waitForClient',
    seed: 810_010,
    isSlow: true,
  },
  {
    name: 'a stopped client holds up a token whose overlap goes on',
    file: decide,
    search: 'Math.min(atMs, insideAt(situation, sends, atMs)));',
    replacement: 'atMs);',
    seed: 1042,
    isSlow: true,
  },
  {
    name: 'a page of a firewall says that the token was not used',
    file: answerClass,
    search: "unrecognised: { isSpent: 'maybe', stopsClient: false },",
    replacement: "unrecognised: { isSpent: 'no', stopsClient: false },",
    seed: 11,
    isSlow: true,
  },
  {
    name: 'a page of a firewall ends the grant',
    file: readAnswer,
    search: "  return 'unrecognised';\n};",
    replacement: "  return 'grant_rejected';\n};",
    seed: 1,
    isSlow: true,
  },
  {
    name: 'a request for patience inside an overlap says that the token was not used',
    file: readAnswer,
    search:
      "if (status === 429 || (status === 503 && hasRetryAfter && !isRepeatable)) return 'rate_limited';",
    replacement: "if (status === 429 || (status === 503 && hasRetryAfter)) return 'rate_limited';",
    seed: 600_007,
    isSlow: true,
  },
  {
    name: 'a refresh token beside an access token that no header can hold is thrown away',
    file: readPair,
    search: "if (accessToken === '' && (refreshToken === undefined || refreshToken === sent))",
    replacement: "if (accessToken === '')",
    seed: 12,
    isSlow: true,
  },
];
