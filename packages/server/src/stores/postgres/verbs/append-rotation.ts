import { ROTATIONS_MAX } from '../../../grants/rotation-history.ts';
import { GAP_BYTES, GAP_MAX_MS } from '../../copy/packed-history.ts';

/** SQL for `earlier_rotations` of `grants AS g` after a rotation at the moment of the SQL expression `atMs`. */
export const appendRotation = (
  atMs: string,
): string => `CASE WHEN g.rotated_at_ms IS NULL THEN g.earlier_rotations
  ELSE substring(decode(lpad(to_hex(
    least(greatest(${atMs} - g.rotated_at_ms, 0), ${GAP_MAX_MS})), 6, '0'), 'hex')
    || g.earlier_rotations FROM 1 FOR ${(ROTATIONS_MAX - 1) * GAP_BYTES}) END`;
