import type * as Codes from './simulate-codes.ts';
import type * as Keepings from './store-backends.ts';
import type { StoreName } from './store-backends.ts';
import { CODE_MUTATIONS } from './code-mutations.ts';
import { importMutated, MUTATIONS } from './mutations.ts';
import type { Mutation } from './mutations.ts';
import { POSTGRES_MUTATIONS } from './postgres-mutations.ts';
import type * as Refreshes from './simulate.ts';
import type { Outcome } from './simulate.ts';

/** What is simulated: refreshes, or how owners' codes are exchanged; on which store, and with which bug planted. */
export type Subject = {
  readonly isOfCodes: boolean;
  readonly store: StoreName;
  readonly mutation: string | undefined;
};

/** Lives seeds, until it is closed. */
export type Lives = {
  live(seed: number, tell?: (line: string) => void): Promise<Outcome>;
  close(): Promise<void>;
};

/** The bugs that are planted in what is simulated, or in the store. */
export const mutationsOf = ({ isOfCodes, store }: Subject): readonly Mutation[] => {
  const ofStore = store === 'postgres' ? POSTGRES_MUTATIONS : [];
  return [...(isOfCodes ? CODE_MUTATIONS : MUTATIONS), ...ofStore].filter(
    ({ file }) => store === 'memory' || !file.includes('/memory-store/'),
  );
};

const findMutation = (subject: Subject): Mutation | undefined => {
  if (subject.mutation === undefined) return undefined;
  const found = mutationsOf(subject).find(({ name }) => name === subject.mutation);
  if (found === undefined) throw new Error(`there is no mutation "${subject.mutation}"; see --mutation list`);
  return found;
};

/** Makes ready to live seeds. Throws where the store cannot be had on this machine. */
export const openLives = async (subject: Subject): Promise<Lives> => {
  const mutation = findMutation(subject);
  const importThe = <Module>(entry: string): Promise<Module> =>
    mutation === undefined ? (import(entry) as Promise<Module>) : importMutated<Module>(mutation, entry);
  const { KEEPINGS } = await importThe<typeof Keepings>('./store-backends.ts');
  const lived = subject.isOfCodes
    ? (await importThe<typeof Codes>('./simulate-codes.ts')).simulateCodes
    : (await importThe<typeof Refreshes>('./simulate.ts')).simulate;
  const keeping = await KEEPINGS[subject.store]();
  if ('reason' in keeping) throw new Error(keeping.reason);
  return { live: (seed, tell) => lived(seed, tell, keeping.keep), close: keeping.close };
};
