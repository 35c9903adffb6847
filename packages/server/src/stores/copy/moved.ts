import { OperatorError } from '../../errors.ts';
import type { Standing } from './endpoint.ts';

/** In the source: where it has moved to. */
export const MOVED_TABLE = 'keyfob_moved';
/** In the target, until the copy is whole: where it comes from. */
export const COPYING_TABLE = 'keyfob_copying';

/** What a table is called while it is put away, so that no statement of any version of a server finds it. */
export const AWAY_PREFIX = 'moved_';

/** Keeps everything but a copy from a store that has moved, or that is not whole yet. Throws `OperatorError`. */
export const refuseMoved = (name: string, { movedTo, copiedFrom }: Standing): void => {
  if (movedTo !== undefined) {
    throw new OperatorError(
      'store_moved',
      `${name}: the store has moved to ${movedTo}`,
      'Point every server there, with the same key ring. Where the move is called off, "keyfob copy --resume-source --from" this store lets it serve again.',
    );
  }
  if (copiedFrom !== undefined) {
    throw new OperatorError(
      'store_copying',
      `${name}: a copy from ${copiedFrom} to here is not finished`,
      'Run the same "keyfob copy" again: it goes on where it was. Until it has ended, servers stay where they are.',
    );
  }
};

/** Keeps a copy from a store that another run of it has made whole meanwhile: servers may have begun to serve from there. */
export const overtaken = (name: string): OperatorError =>
  new OperatorError(
    'copy_overtaken',
    `${name}: another "keyfob copy" has finished here meanwhile`,
    'This one has written nothing since. Start it again: it tells whether the source has moved here.',
  );
