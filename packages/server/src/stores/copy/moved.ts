import { OperatorError } from '../../errors.ts';
import type { MoveState } from './endpoint.ts';

/** In the source, after the move: its new address. */
export const MOVED_TABLE = 'keyfob_moved';
/** In the target, until the copy is complete: the address of the source. */
export const COPYING_TABLE = 'keyfob_copying';

/** The prefix of the tables of a store that has moved, so that no statement of any version of a server finds them. */
export const MOVED_PREFIX = 'moved_';

/** Refuses everything but a copy on a store that has moved, or that is not complete yet. Throws `OperatorError`. */
export const refuseMoved = (name: string, { movedTo, copiedFrom }: MoveState): void => {
  if (movedTo !== undefined) {
    throw new OperatorError(
      'store_moved',
      `${name}: the store has moved to ${movedTo}`,
      'Point every server there, with the same key ring. To undo the move, run "keyfob copy --resume-source --from" this store.',
    );
  }
  if (copiedFrom !== undefined) {
    throw new OperatorError(
      'store_copying',
      `${name}: a copy from ${copiedFrom} to here is not finished`,
      'Run the same "keyfob copy" again: it continues where it stopped. Until it has ended, servers stay where they are.',
    );
  }
};

/** Refuses to write where another run of the copy has finished: servers may already serve from there. */
export const overtaken = (name: string): OperatorError =>
  new OperatorError(
    'copy_overtaken',
    `${name}: another "keyfob copy" has finished here meanwhile`,
    'This one has written nothing since. Start it again: it reports whether the source has moved here.',
  );
