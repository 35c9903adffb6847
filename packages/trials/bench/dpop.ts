import { createAuthorizationServer, systemRandomness } from '@keyfob/server';
import { createClientSecret, digestSecret } from '@keyfob/server/clients';
import { DIALECTS } from '@keyfob/server/dialects';
import { issueTokens } from '@keyfob/server/grants';
import { createDpopKey } from '../support/dpop-key.ts';
import { makeDataDirectory, removeDataDirectory } from '../support/keyfob-process.ts';
import { sampleClient, sampleGrant, sampleSecret } from '../support/samples.ts';

/**
 * The CPU of this process per refresh, without a proof and with one, in one run: the server in process, on a SQLite store. Proofs
 * are made before they are timed, by ES256 and one key. The median of the rounds counts.
 */
const ROUNDS = 9;
const REFRESHES = 1500;
const AT_ONCE = 50;
const URI = 'https://id.example/oauth/token';

const data = makeDataDirectory();
const server = await createAuthorizationServer({ data, port: 0, publicUrl: 'https://id.example' });
const { store, keyRing } = server.deployment;
const secret = createClientSecret(systemRandomness);
const client = sampleClient({
  secrets: [sampleSecret('first', { digest: digestSecret(secret) })],
  policy: { ...DIALECTS.smartcar.defaultPolicy, requireUserAgent: false },
});
await store.createClient(client);
const authorization = `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`;
const key = createDpopKey(() => Math.floor(Date.now() / 1000));

const refresh = async (refreshToken: string, proof: string | undefined) => {
  const form = `grant_type=refresh_token&refresh_token=${refreshToken}`;
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    authorization,
    ...(proof === undefined ? {} : { dpop: proof }),
  };
  const request = { method: 'POST', path: '/oauth/token', query: '', headers, body: Buffer.from(form) };
  return server.respond(request, { address: '192.0.2.7' });
};

let grants = 0;
const newToken = async (): Promise<string> => {
  const grant = sampleGrant({ id: BigInt(++grants), clientId: client.id, createdAtMs: Date.now() });
  await store.createGrant(grant);
  const { shapes } = DIALECTS.smartcar;
  const issuer = { keyRing, nextSerial: () => 0 };
  return (await issueTokens(issuer, shapes, grant, client.policy, Date.now())).refreshToken;
};

/** Microseconds of CPU per refresh. */
const measure = async (hasProofs: boolean): Promise<number> => {
  const tokens = await Promise.all(Array.from({ length: REFRESHES }, newToken));
  const asked = await refresh(tokens[0] ?? '', key.prove(URI));
  const nonce = asked.headers['DPoP-Nonce'];
  const proofs = tokens.map(() => (hasProofs ? key.prove(URI, { nonce }) : undefined));
  const before = process.cpuUsage();
  for (let from = 0; from < REFRESHES; from += AT_ONCE) {
    const part = tokens.slice(from, from + AT_ONCE);
    const answers = await Promise.all(part.map((token, index) => refresh(token, proofs[from + index])));
    const failed = answers.find(({ status }) => status !== 200);
    if (failed !== undefined) throw new Error(`a refresh was answered ${failed.status}: ${failed.body}`);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / REFRESHES;
};

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;

const bare: number[] = [];
const proved: number[] = [];
// The first round warms up.
for (let round = 0; round <= ROUNDS; round++) {
  const [without, withProof] = [await measure(false), await measure(true)];
  if (round === 0) continue;
  bare.push(without);
  proved.push(withProof);
}
const extra = median(proved.map((value, round) => value - (bare[round] ?? 0)));
console.log(
  `bare ${median(bare).toFixed(0)} us, with a proof ${median(proved).toFixed(0)} us: ${extra.toFixed(0)} us more`,
);
await server.close();
removeDataDirectory(data);
