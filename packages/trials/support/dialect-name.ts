/** The vendors' dialects. */
export type DialectName = 'smartcar' | 'pleos';

/** Every dialect that has wire fixtures. */
export type FixtureDialect = DialectName | 'oauth';
