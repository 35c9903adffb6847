import type { GradedDialect } from '@keyfob/sandbox/grade';

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

/** The scenarios in which the best client loses its grant. */
export const UNAVOIDABLE: Readonly<Record<GradedDialect, readonly string[]>> = {
  smartcar: DEAD,
  pleos: [...DEAD, ...LOST_WHERE_A_TOKEN_WORKS_ONCE],
};

/** Killed when the whole answer has left the server: whether the program has stored it by then is a matter of microseconds. */
export const UNCERTAIN = ['killed-after-answer'];
