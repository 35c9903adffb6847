import { REASON_MAX_CHARACTERS } from '../../operations/record-audit.ts';
import type { Field } from './fields.ts';

/** Why a write is done: every one needs it. */
export const REASON_FIELD: Field = {
  schema: { type: 'string', minLength: 3, maxLength: REASON_MAX_CHARACTERS },
  purpose: 'Why, for the audit log. The header `Keyfob-Reason`, percent-encoded, may have it too.',
};
