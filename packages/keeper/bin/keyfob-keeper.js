#!/usr/bin/env node
// Plain JavaScript that an old Node can parse, so that a wrong version gets this message and not a syntax error.
import { existsSync } from 'node:fs';

const source = new URL('../src/cli/main.ts', import.meta.url);
const isClone = existsSync(source);
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(`keyfob-keeper: Node 24 or newer is required, and this is ${process.version}.`);
  console.error(
    isClone
      ? 'Run "npm ci" once, then "npm run keeper -- ...": it uses the Node that the project installs.'
      : 'Install Node 24, for example from https://nodejs.org.',
  );
  process.exit(1);
}
if (isClone) {
  // The cache of stripped types makes a command start about three times as fast.
  const { enableCompileCache } = await import('node:module');
  const { fileURLToPath } = await import('node:url');
  enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/compile', import.meta.url)));
}
await import(isClone ? source : new URL('../dist/cli/main.js', import.meta.url));
