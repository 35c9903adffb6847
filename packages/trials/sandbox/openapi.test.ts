import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { call, openSandbox } from './support.ts';
import { refresh } from './requests.ts';

type Described = {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly responses: Readonly<
              Record<
                string,
                { readonly content?: { readonly 'application/json'?: { readonly schema: object } } }
              >
            >;
          }
        >
      >
    >
  >;
};

test('Redocly finds nothing in the description of the control API', async (t) => {
  const { url } = await openSandbox(t);
  const { body } = await call(url, 'GET', '/openapi.json');
  const config = await createConfig({
    extends: ['recommended-strict'],
    // It listens on this machine, without accounts.
    rules: { 'no-server-example.com': 'off', 'security-defined': 'off' },
  });
  const problems = await lintFromString({ source: JSON.stringify(body), config });
  assert.deepEqual(
    problems.map(({ ruleId, message, location: [place] }) => `${ruleId}: ${message} ${place?.pointer ?? ''}`),
    [],
  );
});

test('what the control API answers is as it is described, members and all', async (t) => {
  const sandbox = await openSandbox(t);
  const { body } = await call(sandbox.url, 'GET', '/openapi.json');
  const { paths } = body as unknown as Described;
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  const seen = new Set<string>();
  const check = async (
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    template: string,
    values: Readonly<Record<string, string>>,
    sent?: unknown,
  ): Promise<Readonly<Record<string, unknown>>> => {
    const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
    const answer = await call(sandbox.url, method, path, sent);
    const name = `${method} ${template}`;
    const response = paths[`/_sandbox${template}`]?.[method.toLowerCase()]?.responses[String(answer.status)];
    assert.ok(response !== undefined, `${name} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    const schema = response.content?.['application/json']?.schema;
    if (schema !== undefined) {
      const isValid = ajv.validate(schema, answer.body);
      assert.ok(isValid, `${name}: ${ajv.errorsText()}`);
    }
    seen.add(name);
    return answer.body;
  };

  const world = await check('POST', '/worlds', {}, { clock: '2026-01-01' });
  const at = {
    world: String(world['id']),
    grant: 'g1',
    client: 'smartcar',
    checkpoint: '1',
    number: '1',
    fault: 'f1',
  };
  const inWorld = '/worlds/{world}';
  await check('GET', '/health', at);
  await check('GET', '/worlds', at);
  await check('GET', inWorld, at);
  await check('GET', `${inWorld}/environment`, at);
  const hook = await check('POST', `${inWorld}/webhooks`, at, { url: 'http://127.0.0.1:9/' });
  const created = await check('POST', `${inWorld}/grants`, at, { vehicles: ['KMHKM81A0RU104217'] });
  await check('POST', `${inWorld}/faults`, at, { on: { nth: 2 }, do: { loseAnswer: 'afterCommit' } });
  const real = sandbox.worlds.find(at.world);
  assert.ok(real !== undefined);
  await refresh(real, String(created['refreshToken']));
  await check('POST', `${inWorld}/checkpoints`, at);
  await check('GET', `${inWorld}/checkpoints`, at);
  await check('POST', `${inWorld}/grants/{grant}/rotate`, at);
  await check('GET', `${inWorld}/grants/{grant}/tokens`, at);
  await check('POST', `${inWorld}/holds`, at, { token: String(created['refreshToken']) });
  await check('POST', `${inWorld}/holds`, at, { token: 'no token' });
  await check('POST', `${inWorld}/clock/advance`, at, { by: 'PT3H' });
  await check('GET', `${inWorld}/clock`, at);
  await check('PUT', `${inWorld}/clock`, at, { skewSeconds: 5 });
  await check('GET', `${inWorld}/faults`, at);
  await check('GET', `${inWorld}/faults/{fault}`, at);
  await check('GET', `${inWorld}/requests`, at);
  await check('GET', `${inWorld}/requests/{number}`, at);
  await check('POST', `${inWorld}/grants/{grant}/expire`, at);
  await check('POST', `${inWorld}/grants/{grant}/revoke`, at, { by: 'operator' });
  await check('POST', `${inWorld}/grants/{grant}/reinstate`, at);
  await check('POST', `${inWorld}/grants/{grant}/withdraw`, at, { vin: 'KMHKM81A0RU104217' });
  await check('GET', `${inWorld}/grants`, at);
  await check('GET', `${inWorld}/grants/{grant}`, at);
  await check('POST', `${inWorld}/clients/{client}/roll-secret`, at);
  await check('GET', `${inWorld}/webhooks`, at);
  const webhook = { ...at, webhook: String(hook['id']) };
  await check('GET', `${inWorld}/webhooks/{webhook}/deliveries`, webhook);
  await check('DELETE', `${inWorld}/webhooks/{webhook}`, webhook);
  await check('POST', `${inWorld}/checkpoints/{checkpoint}/restore`, at);
  await check('DELETE', `${inWorld}/faults/{fault}`, at);
  await check('DELETE', `${inWorld}/faults`, at);
  await check('POST', `${inWorld}/reset`, at);
  await check('DELETE', inWorld, at);

  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.slice('/_sandbox'.length)}`),
  );
  const others = /^(?:GET \/openapi\.json|.*scenarios.*)$/;
  assert.deepEqual(
    described.filter((name) => !seen.has(name) && !others.test(name)),
    [],
  );
});
