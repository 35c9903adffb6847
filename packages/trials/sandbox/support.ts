import type { TestContext } from 'node:test';
import { startSandboxServer } from '@keyfob/sandbox';
import type { Sandbox, SandboxOptions } from '@keyfob/sandbox';

/** A sandbox for one test. */
export const openSandbox = async (t: TestContext, options: SandboxOptions = {}): Promise<Sandbox> => {
  const sandbox = await startSandboxServer(options);
  t.after(() => sandbox.close());
  return sandbox;
};

/** What the control API answered. */
export type ControlAnswer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

/** Calls the control API as another program does. */
export const call = async (
  url: string,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<ControlAnswer> => {
  const response = await fetch(`${url}/_sandbox${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === '' ? {} : (JSON.parse(text) as ControlAnswer['body']),
  };
};
