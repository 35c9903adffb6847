import type { GradedDialect } from '@keyfob/sandbox/grade';
import { DIALECTS } from '@keyfob/server/dialects';

const DEAD = ['expired-idle', 'revoked-by-owner', 'error-in-200', 'stolen', 'restored-client'];
const LOST_WHERE_A_TOKEN_WORKS_ONCE = [
  'lost-answer-after',
  'lost-answer-late-call',
  'answer-cut',
  'truncated-json',
  'hang',
  'duplicate-request',
  'killed-after-commit',
  'killed-in-answer',
];

const BY_ROTATION = {
  overlap: DEAD,
  // A thief's successor is unused, so the client gets the same one; so does one whose state was put back by one exchange.
  'until-used': DEAD.filter((name) => !['stolen', 'restored-client'].includes(name)),
  strict: [...DEAD, ...LOST_WHERE_A_TOKEN_WORKS_ONCE],
  // Nothing is used up, so nothing is lost by a theft or a backup.
  none: DEAD.filter((name) => !['stolen', 'restored-client'].includes(name)),
} as const;

/** The scenarios in which the best client of a dialect loses its grant. */
export const unavoidableFor = (dialect: GradedDialect): readonly string[] =>
  BY_ROTATION[DIALECTS[dialect].defaultPolicy.rotation];

/** Killed when the whole answer has left the server: whether the program has stored it by then is a matter of microseconds. */
export const UNCERTAIN = ['killed-after-answer'];
