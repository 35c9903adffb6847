import { digestSecret } from '@keyfob/server/clients';
import type { Policy } from '@keyfob/server/clients';
import { DIALECTS } from '@keyfob/server/dialects';
import type { Store } from '@keyfob/server/stores';
import { openPostgresStore } from '@keyfob/server/stores/postgres';
import {
  createKeyLine,
  createKeyLines,
  parseKeyRing,
  sealCode,
  sealRefreshToken,
} from '@keyfob/server/tokens';
import type { KeyRing } from '@keyfob/server/tokens';
import { createEndpoints } from '@keyfob/server/wire';
import type { WireRequest } from '@keyfob/server/wire';
import { createAuthentication } from '../support/authentication.ts';
import { CALLER, CREATED_AT, NOW_MS, SAMPLE_REDIRECT_URI } from '../support/samples.ts';
import { sampleClient, sampleCode, sampleGrant, sampleSecret } from '../support/samples.ts';
import { testRandomness } from '../support/test-randomness.ts';
import { readAnswer, writeExchange, writeRefresh } from '../support/token-requests.ts';
import type { Answer } from '../support/token-requests.ts';
import { NEVER_MS } from './two-nodes.ts';
import type { NodeOptions } from './two-nodes.ts';

const { shapes } = DIALECTS.smartcar;
const SECRET = 'a-secret-of-the-client';
const SENDER = { clientId: 'client-a', clientSecret: SECRET, brand: 'kia', idempotencyKey: undefined };
const OLD_LINE = createKeyLines(1, CREATED_AT);
export const OLD_RING = parseKeyRing(OLD_LINE);
export const NEW_RING = parseKeyRing(`${OLD_LINE}\n${createKeyLine(5, 'seal', CREATED_AT)}`);
/** Refreshes with the first token of grant 42. */
export const REFRESH_REQUEST = writeRefresh.smartcar({
  ...SENDER,
  refreshToken: sealRefreshToken(OLD_RING.seal.active, shapes.refreshToken, 42n, 0),
});
/** Exchanges the code of grant 43. */
export const EXCHANGE_REQUEST = writeExchange.smartcar({
  ...SENDER,
  code: sealCode(OLD_RING.seal.active, shapes.code, { grantId: 43n, issuedAt: NOW_MS / 1000 }),
  redirectUri: SAMPLE_REDIRECT_URI,
  codeVerifier: undefined,
});

/** A server on a database. It knows its clients as it read them first. Epochs are short. */
export const openServedNode = async (url: string, firstRing: KeyRing, limits: NodeOptions = {}) => {
  const store = await openPostgresStore(url, {
    now: () => 0,
    node: { epochMs: 20, leaseMs: NEVER_MS, attemptsMax: 1, ...limits },
  });
  const state = { ring: firstRing, nowMs: NOW_MS };
  const endpoints = createEndpoints({
    store,
    authentication: createAuthentication(store, () => {}),
    get keyRing() {
      return state.ring;
    },
    noticeKeys: () => false,
    nextSerial: () => 0,
    issuer: '',
    clock: () => state.nowMs,
    doubt: () => undefined,
    randomness: testRandomness,
    emit: () => {},
  });
  const ask = async (request: WireRequest): Promise<Answer> =>
    readAnswer.smartcar(await endpoints.respond(request, CALLER));
  /** As a client does that was answered 503. */
  const askUntilAnswered = async (request: WireRequest): Promise<Answer> => {
    for (;;) {
      const answer = await ask(request);
      if (answer.kind !== 'outage') return answer;
    }
  };
  return { store, state, ask, askUntilAnswered };
};

export type ServedNode = Awaited<ReturnType<typeof openServedNode>>;

/** Creates the client, grant and code of the requests. */
export const fillServed = async (store: Store, policy: Policy): Promise<void> => {
  const secrets = [sampleSecret('a', { digest: digestSecret(SECRET) })];
  await store.createClient(sampleClient({ secrets, policy }));
  await store.createGrant(sampleGrant());
  await store.createCode(sampleCode({ grantId: 43n }));
};
