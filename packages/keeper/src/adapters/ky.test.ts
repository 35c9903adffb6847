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
