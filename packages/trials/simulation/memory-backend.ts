import { createMemoryStore } from '../support/memory-store/store.ts';
import type { MemoryStore } from '../support/memory-store/store.ts';
import type { OpenStore, SimulatedStore } from './simulated-store.ts';

/** Opens the memory store for a simulation. */
export const openMemoryStore: OpenStore = async () => toSimulated(createMemoryStore());

const toSimulated = (store: MemoryStore): SimulatedStore => ({
  ...store,
  staleMs: 0,
  peek: async (id) => store.peek(id),
  async backUp() {
    const content = store.snapshot();
    return {
      content,
      load: async () => store.load(content),
      failOver: async () => store.load({ ...content, keys: store.snapshot().keys }),
      restore: async () => store.restore(content),
    };
  },
  async copy() {
    const other = createMemoryStore();
    other.load(store.snapshot());
    return toSimulated(other);
  },
});
