import { fileURLToPath } from 'node:url';

const clone = fileURLToPath(new URL('../../../../../', import.meta.url));
const isInClone = import.meta.url.endsWith('.ts') && `${process.cwd()}/`.startsWith(clone);

/**
 * How a person runs this program from where they are. `npx` finds it inside a clone only; elsewhere it would run an unrelated
 * package of the same name.
 */
export const COMMAND_NAME = isInClone ? 'npx keyfob' : 'keyfob';
