import assert from 'node:assert/strict';
import { it } from 'node:test';
import ky from 'ky';
import { UnavailableError } from '../errors.ts';
import { kyOptions } from './ky.ts';

for (const retry of [undefined, 3])
  it(`what the keeper says comes through at once, also with ${retry === undefined ? 'no retry' : 'retry: 3'} of a request`, async () => {
    let asked = 0;
    const authorizer = () => ({
      async authorize() {
        asked += 1;
        throw new UnavailableError('car', 'no_answer', 0);
      },
      onRejected: async () => undefined,
    });
    const car = ky.extend(kyOptions({ authorizer }, 'car'));
    const options = retry === undefined ? {} : { retry };
    await assert.rejects(car('http://127.0.0.1:9/', options), UnavailableError);
    assert.equal(asked, 1);
  });

const authorizer = () => ({
  authorize: async () => 'Bearer old',
  onRejected: async (header: string) => (header === 'Bearer old' ? 'Bearer new' : undefined),
});

it('the hooks of ky 2, which get one object, give a token and make a refused request again', async () => {
  const sent: (string | null)[] = [];
  const fetch = async (request: Request | string | URL) => {
    sent.push(new Request(request).headers.get('authorization'));
    return new Response('car');
  };
  const { hooks } = kyOptions({ authorizer }, 'car', { fetch });
  const state = { request: new Request('http://127.0.0.1:9/'), options: {}, retryCount: 0 };
  // The installed version is the first, whose types have lists.
  const [before, after] = [hooks.beforeRequest?.[0], hooks.afterResponse?.[0]] as unknown as ((
    given: object,
  ) => Promise<Response | undefined>)[];
  await before?.(state);
  const again = await after?.({ ...state, response: new Response('', { status: 401 }) });
  assert.equal(await again?.text(), 'car');
  assert.deepEqual(sent, ['Bearer new']);
});
