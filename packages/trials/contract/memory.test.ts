import { createMemoryStore } from '../support/memory-store/store.ts';
import { describeStore } from './store-contract.ts';

let content = createMemoryStore();

/** Opens another node on the same content, which stays when a node closes. */
const openNode = async () => content.through(async (_verb, work) => work());

describeStore('in memory, as the simulation uses it', {
  async open() {
    content = createMemoryStore();
    return openNode();
  },
  reopen: openNode,
  openSecond: openNode,
});
