import assert from 'node:assert/strict';
import { after } from 'node:test';
import { SandboxAssertionError, SandboxProblem, startSandbox } from '@keyfob/sandbox/testing';
import type { Sandbox } from '@keyfob/sandbox/testing';

/** A sandbox for all tests of a file. */
export const sandboxForFile = async (): Promise<Sandbox> => {
  const sandbox = await startSandbox();
  after(() => sandbox.close());
  return sandbox;
};

/** The message of an assertion that must fail. */
export const failureOf = async (assertion: Promise<void>): Promise<string> => {
  const error = await assertion.then(
    () => assert.fail('the assertion holds'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SandboxAssertionError, String(error));
  return error.message;
};

/** The problem with which a call must fail. */
export const problemOf = async (call: Promise<unknown>): Promise<SandboxProblem> => {
  const error = await call.then(
    () => assert.fail('the call succeeds'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SandboxProblem, String(error));
  return error;
};
