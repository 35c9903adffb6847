import * as v from 'valibot';
import { nearestName } from '@keyfob/server';
import { parseInput } from '../parse-input.ts';
import { SandboxError } from '../sandbox-error.ts';
import { FAULT_ACTIONS, newFault } from './fault.ts';
import type { ArmedFaults } from './armed-faults.ts';
import type { Fault, NewFault, ParsedFault } from './fault.ts';

/** Throws `SandboxError` `input_invalid`, which names what is wrong. */
export const parseFault = (fault: NewFault): ParsedFault => {
  const action: unknown = (fault as { readonly do?: unknown } | undefined)?.do;
  if (typeof action !== 'object' || action === null) return withTimes(parseInput(newFault, fault));
  // Against the one action that it names, so that the error is about that one.
  const chosen = Object.entries(FAULT_ACTIONS).find(([name]) => Object.hasOwn(action, name))?.[1];
  if (chosen === undefined) throw unknownAction(Object.keys(action)[0] ?? '');
  return withTimes(parseInput(v.strictObject({ ...newFault.entries, do: chosen }), fault));
};

const withTimes = (fault: v.InferOutput<typeof newFault>): ParsedFault => {
  const { every, probability } = fault.on;
  const usual = every === undefined && probability === undefined ? 1 : 'always';
  return { ...fault, times: fault.times ?? usual };
};

/** Arms a fault in a world. Throws `SandboxError`. */
export const armFault = ({ faults }: { readonly faults: ArmedFaults }, fault: NewFault): Fault =>
  faults.arm(parseFault(fault));

const unknownAction = (named: string): SandboxError => {
  const names = Object.keys(FAULT_ACTIONS);
  const nearest = nearestName(named, names);
  return new SandboxError(
    'input_invalid',
    `unknown field do.${named}${nearest === undefined ? '' : `, did you mean ${nearest}?`}`,
    `do is one of ${names.join(', ')}.`,
  );
};
