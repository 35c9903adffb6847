/** The dialects that the trials know; the server's list may be longer. */
export type DialectName = 'smartcar' | 'pleos';
