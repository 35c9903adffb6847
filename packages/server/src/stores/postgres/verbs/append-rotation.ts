import { ROTATIONS_MAX } from '../../../grants/rotation-history.ts';
import { GAP_BYTES, GAP_CODE_MAX, GAP_UNITS } from '../../copy/packed-history.ts';

/** SQL for `earlier_rotations` of `grants AS g` after a rotation at the moment of the SQL expression `atMs`. */
export const appendRotation = (
  atMs: string,
): string => `CASE WHEN g.rotated_at_ms IS NULL THEN g.earlier_rotations
  ELSE substring(decode(lpad(to_hex(${codeOf(`greatest(${atMs} - g.rotated_at_ms, 0)`)}), 6, '0'), 'hex')
    || g.earlier_rotations FROM 1 FOR ${(ROTATIONS_MAX - 1) * GAP_BYTES}) END`;

/** SQL for the code of a gap, as `codeBetween` has it. Below its unit a quotient is cut the other way, which no minimum shows. */
const codeOf = (gapMs: string): string => {
  const codes = GAP_UNITS.map(({ code, fromMs, unitMs }) => `${code} + (${gapMs} - ${fromMs}) / ${unitMs}`);
  return `least(${codes.join(', ')}, ${GAP_CODE_MAX})`;
};
