import { StoreError } from '../errors.ts';
import type { Grant } from '../grants/grant.ts';
import { successOf } from './converse.ts';
import type { Send } from './converse.ts';
import { endsOf } from './ends.ts';
import type { Engine } from './engine.ts';
import { keepPair } from './keep.ts';
import { reportRecovered } from './report.ts';

/** Keeps what open sends of a refresh bring that was concluded without them. Closing the keeper waits for it. */
export const awaitLate = (engine: Engine, grant: Grant, open: readonly Send[]): void => {
  const before = engine.late.get(grant.id);
  const keepOne = async (send: Send): Promise<void> => {
    await send.isOver;
    await keepLate(engine, grant, send);
  };
  const keepAll = async (): Promise<void> => {
    await Promise.all([before, ...open.map(keepOne)]);
    if (engine.late.get(grant.id) === work) engine.late.delete(grant.id);
  };
  const work = keepAll();
  engine.late.set(grant.id, work);
  engine.unsaved.track(work);
};

/**
 * An answer that came after its refresh was concluded: a spare, or the end of an attempt. Where the grant has died
 * meanwhile, because the other pair was refused, the spare brings it back.
 */
const keepLate = async (engine: Engine, grant: Grant, send: Send): Promise<void> => {
  const success = successOf(send);
  const ended = endsOf([send]);
  try {
    if (success === undefined) return await engine.store.noteEnds(ended);
    const { grant: now } = await keepPair(engine, grant, success, { ended, spares: [] });
    if (now.generation > grant.generation) reportRecovered(engine, grant, 'late_answer');
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
};
