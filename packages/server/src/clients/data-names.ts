import type { Sentence } from '../language.ts';
import type { ScopeRegistry } from './scopes.ts';

/** A kind of vehicle data that clients may ask for by name, as a deployment declares it. */
export type DataName = {
  readonly name: string;
  /** The scopes that give it. */
  readonly scopes: readonly string[];
  /** What it is, in the words of owners. */
  readonly text: Sentence;
};

/** Every kind of vehicle data of a deployment, by name. Empty where it declares none: then no client can ask for any. */
export type DataRegistry = ReadonlyMap<string, DataName>;

export const createDataRegistry = (declared: readonly DataName[]): DataRegistry =>
  new Map(declared.map((one) => [one.name, one]));

/** What is wrong with declared names, one sentence each: a scope that no dialect has. */
export const faultsOfDataNames = (
  declared: readonly DataName[],
  registry: ScopeRegistry,
): readonly string[] =>
  declared.flatMap(({ name, scopes }) =>
    scopes
      .filter((scope) => [...registry.values()].every((known) => !known.has(scope)))
      .map((scope) => `data ${name} names the scope ${scope}, which no dialect has: declare it under scopes`),
  );
