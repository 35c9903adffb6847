import type { Grant, Pair } from '../grants/grant.ts';
import type { Client } from '../providers/clients.ts';
import { seconds, sleep } from '../time.ts';
import type { Engine } from './engine.ts';
import { writeRevocation } from './write-request.ts';

const TRIES = 4;
const RETRY_MS = 2000;

/**
 * Ends pairs at the provider that came for a connection which was closed meanwhile. They are stored nowhere, so this is tried
 * a few times, and then given up. The work is tracked: closing the keeper waits for it.
 */
export const revokePairs = (engine: Engine, client: Client, grant: Grant, pairs: readonly Pair[]): void => {
  const tokens = new Set(pairs.map(({ refreshToken }) => refreshToken).filter((one) => one !== undefined));
  for (const token of tokens) engine.unsaved.track(revokeOne(engine, client, grant, token));
};

const revokeOne = async (engine: Engine, client: Client, grant: Grant, token: string): Promise<void> => {
  const { clock, transport } = engine;
  const [secret = ''] = engine.book.secrets(grant.client);
  const request = writeRevocation(client, secret, grant.params, token);
  let outcome = 'not_offered';
  for (let tries = 1; tries <= TRIES; tries++) {
    if (request === undefined) break;
    const deadlineMs = seconds(client.provider.exchangeSeconds);
    const exchange = await transport(request, { deadlineMs, clock, maySend: () => true });
    outcome = exchange.kind === 'answered' ? `http_${exchange.status}` : exchange.why;
    if (exchange.kind === 'answered' && exchange.status < 500 && exchange.status !== 429) break;
    if (engine.unsaved.isGivenUp()) break;
    await sleep(clock, RETRY_MS * tries);
  }
  engine.log({ event: 'pair.revoked', grantId: grant.id, isRevoked: outcome.startsWith('http_2'), outcome });
};
