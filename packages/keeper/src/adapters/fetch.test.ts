import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAuthorizer } from './authorizer.ts';
import { NeedsConsentError, UnavailableError } from '../errors.ts';
import { createFetch } from './fetch.ts';
import { PLEOS } from '../providers/pleos.ts';
import type { Provider } from '../providers/provider.ts';
import { SMARTCAR } from '../providers/smartcar.ts';

/** `fetch` for a car whose first token is refused with `refusal`, and every later one accepted. */
const fetchWith = (
  refusal: () => Response,
  {
    provider = SMARTCAR,
    next = () => 'second',
  }: { readonly provider?: Provider; readonly next?: () => string } = {},
): { readonly carFetch: typeof fetch; readonly sent: string[] } => {
  const sent: string[] = [];
  const authorizer = createAuthorizer({
    token: async ({ rejected }) => (rejected === undefined ? 'first' : next()),
    provider: async () => provider,
  });
  const carFetch = createFetch(authorizer, async (input) => {
    const request = input as Request;
    const token = request.headers.get('authorization') ?? '';
    sent.push(`${token} ${await request.text()}`.trim());
    return token === 'Bearer first' ? refusal() : new Response('fine');
  });
  return { carFetch, sent };
};

const URL_OF_CAR = 'https://api.example/vehicles';
const refused = (): Response => new Response('', { status: 401 });

const failing = (error: Error) => (): never => {
  throw error;
};

const refusal = (code: string) => () => Response.json({ error: { code } }, { status: 400 });

describe('fetch with the token of a car', () => {
  it('sends the request once more, with another token and the same body', async () => {
    const { carFetch, sent } = fetchWith(refused);
    const response = await carFetch(URL_OF_CAR, { method: 'POST', body: 'open' });
    assert.equal(await response.text(), 'fine');
    assert.deepEqual(sent, ['Bearer first open', 'Bearer second open']);
  });

  it('gives the refusal back where there is no other token', async () => {
    const { carFetch, sent } = fetchWith(refused, { next: () => 'first' });
    assert.equal((await carFetch(URL_OF_CAR)).status, 401);
    assert.equal(sent.length, 1);
  });

  it('gives the refusal back where a new token was refused too: a permission is missing', async () => {
    const next = failing(new UnavailableError('car', 'refused_too_often', 0));
    const { carFetch, sent } = fetchWith(refused, { next });
    assert.equal((await carFetch(URL_OF_CAR)).status, 401);
    assert.equal(sent.length, 1);
  });

  it('says that a consent is needed, or that there is no token at this moment, instead of a mere 401', async () => {
    for (const error of [
      new NeedsConsentError('car', 'revoked'),
      new UnavailableError('car', 'provider_unreachable', 0),
    ])
      await assert.rejects(fetchWith(refused, { next: failing(error) }).carFetch(URL_OF_CAR), error);
  });

  it('sends no stream twice', async () => {
    const { carFetch, sent } = fetchWith(refused);
    const body = new Blob(['open']).stream();
    const response = await carFetch(URL_OF_CAR, { method: 'POST', body, duplex: 'half' });
    assert.equal(response.status, 401);
    assert.equal(sent.length, 1);
  });

  it('knows how Pleos refuses a token, and leaves the answer readable', async () => {
    const { carFetch, sent } = fetchWith(refusal('4011'), { provider: PLEOS });
    assert.equal(await (await carFetch(URL_OF_CAR)).text(), 'fine');
    assert.equal(sent.length, 2);
    const other = fetchWith(refusal('4045'), { provider: PLEOS });
    assert.deepEqual(await (await other.carFetch(URL_OF_CAR)).json(), { error: { code: '4045' } });
    assert.equal(other.sent.length, 1);
  });

  it('keeps the headers of the caller', async () => {
    const { carFetch } = fetchWith(refused);
    const response = await carFetch(new Request(URL_OF_CAR, { headers: { brand: 'kia' } }));
    assert.equal(response.status, 200);
  });
});
