export { memoryStore, sqliteStore } from '../stores/sqlite/open.ts';
export type { BoundLink, Link, LinkBinder, LinkVerbs } from '../stores/links.ts';
export type * from '../stores/store.ts';
export type * from '../stores/consents.ts';
export type * from '../stores/revocations.ts';
export type { ServiceKey, ServiceKeyVerbs, ServiceScope } from '../stores/service-keys.ts';
export type * from '../stores/deliveries.ts';
