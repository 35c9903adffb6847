import { sqliteStore } from '@keyfob/keeper';
import type { StoreOpener } from '@keyfob/keeper';
import { postgresStore } from '@keyfob/keeper/stores/postgres';

/** A store as plain data, so that a process of its own can open it. */
export type StoreData =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly directory: string };

/** Opens a store of a description. */
export const storeOfData = (data: StoreData): StoreOpener =>
  data.kind === 'sqlite' ? sqliteStore(data.file) : postgresStore(data.url, { directory: data.directory });
