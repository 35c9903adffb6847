export { memoryStore, sqliteStore } from '../stores/sqlite/open.ts';
export type * from '../stores/store.ts';
