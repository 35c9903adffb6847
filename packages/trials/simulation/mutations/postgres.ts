import type { Mutation } from '../../support/mutation.ts';

const advance = 'server/src/stores/postgres/verbs/advance.ts';

/** Possible bugs in the PostgreSQL store. */
export const POSTGRES_MUTATIONS: readonly Mutation[] = [
  {
    name: 'the statement ignores the generation of the token',
    file: advance,
    search: 'g.generation = u.generation AND',
    replacement: '',
    seed: 1,
  },
  {
    name: 'the statement advances a revoked grant',
    file: advance,
    search: 'AND g.revoked_at_ms IS NULL',
    replacement: '',
    seed: 3,
  },
  {
    name: 'the statement does not check whether the client has changed',
    file: advance,
    search: 'AND c.revision = u.revision AND c.disabled_at_ms IS NULL',
    replacement: '',
    seed: 6,
  },
  {
    name: 'a rotation removes the times of earlier rotations',
    file: 'server/src/stores/postgres/verbs/append-rotation.ts',
    search: '|| g.earlier_rotations FROM',
    replacement: 'FROM',
    seed: 25,
  },
  {
    name: 'a client that changes after a failover reuses a lost revision',
    file: 'server/src/stores/postgres/verbs/known-clients.ts',
    search: 'revision + 1 + floor(random() * 4294967296)::bigint',
    replacement: 'revision + 1',
    seed: 25,
  },
];
