import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../errors.ts';
import { defineGrantType, readParameters } from '../../grant-types/grant-type.ts';
import type { GrantRequest, GrantTypeContext } from '../../grant-types/grant-type.ts';
import type { Dialect } from '../dialect.ts';
import { DIALECTS } from '../dialects.ts';

/** As RFC 8628 §3.5 names them, with the texts that a grant type would declare. */
const ERRORS = {
  pending: { error: 'authorization_pending', description: 'The owner has not decided yet.' },
  tooFast: { error: 'slow_down', description: 'Wait five seconds longer between requests.' },
  expired: { error: 'expired_token', description: 'The device code has expired.' },
} as const;

/** A grant type of which only this file knows; the device code names its outcome. */
const DEVICE_CODE = defineGrantType({
  grantType: 'urn:ietf:params:oauth:grant-type:device_code',
  description: { givesRefreshToken: true, refusals: ['grant_type_specific'] },
  parameters: [{ name: 'device_code', purpose: 'The device code.', missing: 'parameter_missing' }],
  handle(_context, { parameters }) {
    const oauthError = Object.values(ERRORS).find(({ error }) => error === parameters.device_code);
    assert.ok(oauthError !== undefined);
    throw new Refusal('grant_type_specific', [], { oauthError });
  },
});

const CONTEXT = {} as GrantTypeContext;

const render = (dialect: Dialect, sent: Readonly<Record<string, string>>) => {
  try {
    const parameters = readParameters(DEVICE_CODE, new Map(Object.entries(sent)), dialect.shapes);
    void DEVICE_CODE.handle(CONTEXT, { parameters } as GrantRequest);
  } catch (error) {
    assert.ok(error instanceof Refusal);
    const exchange = { requestId: 'request-1', nowMs: 1_750_000_000_000 };
    const { status, body } = dialect.renderRefusal(error, dialect.defaultPolicy, exchange);
    return [status, JSON.parse(body)];
  }
  return assert.fail('not refused');
};

test('a grant type in one file names the parameter that is missing', () => {
  const body = { error: 'invalid_request', error_description: 'Missing required parameter: device_code.' };
  assert.deepEqual(render(DIALECTS.oauth, {}), [400, body]);
});

for (const { error, description } of Object.values(ERRORS))
  test(`a grant type in one file answers ${error}`, () => {
    const sent = { device_code: error };
    const body = { error, error_description: description };
    assert.deepEqual(render(DIALECTS.oauth, sent), [400, body]);
    assert.deepEqual(render(DIALECTS.smartcar, sent), [400, body]);
    const [status, answered] = render(DIALECTS.pleos, sent);
    assert.deepEqual([status, answered.error.code, answered.error.details], [400, '4002', []]);
  });
