import { parsePolicy } from '../clients/policy.ts';
import type { Policy } from '../clients/policy.ts';
import { createKeptTexts } from '../memoize.ts';

/** Clients are many, and their policies few: each is parsed once. */
const parsed = createKeptTexts<Policy>({ textsMax: 256, characterMax: 4096 });

/** A policy from the JSON text that a store has of it; `undefined` for a damaged one. */
export const readPolicyText = (text: string): Policy | undefined => {
  const known = parsed.read(text);
  if (known !== undefined) return known;
  const read = parsePolicy(JSON.parse(text) as Record<string, unknown>);
  if (!('policy' in read)) return undefined;
  parsed.keep(text, read.policy);
  return read.policy;
};
