import type { DIALECTS } from '@keyfob/server/dialects';

/** The dialects that trials speak by hand: a form, and JSON. */
export type DialectName = 'smartcar' | 'pleos';

/** Every dialect. All have wire fixtures. */
export type FixtureDialect = keyof typeof DIALECTS;
