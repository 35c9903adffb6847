import { CALLER } from '../support/samples.ts';

/** Bytes that only the statement of a refresh contains, whether it is sent by text or by name; and bytes of its answer. */
export const REFRESH = [CALLER.userAgent, 'own_brand'] as const;
