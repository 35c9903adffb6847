import type { StoreName } from '../store-backends.ts';
import { CODE_MUTATIONS } from './code.ts';
import type { Mutation } from '../../support/mutation.ts';
import { POSTGRES_MUTATIONS } from './postgres.ts';
import { REFRESH_MUTATIONS } from './refresh.ts';

/** One-line bugs. The simulation must find all of them. */
export const MUTATIONS: readonly Mutation[] = [...REFRESH_MUTATIONS, ...CODE_MUTATIONS];

/** The bugs that a simulation on this store can find. */
export const mutationsOn = (store: StoreName): readonly Mutation[] =>
  [...MUTATIONS, ...(store === 'postgres' ? POSTGRES_MUTATIONS : [])].filter(
    ({ file }) => store === 'memory' || !file.includes('/memory-store/'),
  );
