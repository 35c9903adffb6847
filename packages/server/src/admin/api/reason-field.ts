import { REASON_MAX_CHARACTERS } from '../../operations/record-audit.ts';
import { saying } from './fields.ts';
import type { Field } from './fields.ts';

/** Why a write is done: every one needs it. */
export const REASON_FIELD: Field = {
  schema: saying(REASON_MAX_CHARACTERS),
  purpose: 'Why, for the audit log. The header `Keyfob-Reason`, percent-encoded, may have it too.',
};
