import { CALLER } from '../support/samples.ts';

/** What only the statement of a refresh has on the wire, be it asked by its text or by its name; and what its answer has. */
export const REFRESH = [CALLER.userAgent, 'own_brand'] as const;
