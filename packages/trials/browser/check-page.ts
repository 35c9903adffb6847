import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/** Where the pictures of a run are kept. */
const PICTURES = fileURLToPath(new URL('../../../artefacts/browser/', import.meta.url));
const WIDE = { width: 1280, height: 800 };

/** Takes pictures of a page as it is, on a phone and on a desk, and has axe look for what would shut people out. */
export const look = async (page: Page, name: string): Promise<void> => {
  await takePictures(page, name);
  // Not by a script element, which the pages forbid.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  const findings = violations.map(
    ({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ html }) => html).join(' ')})`,
  );
  assert.deepEqual(findings, [], `axe on ${name}`);
};

/** On a phone and on a desk. */
export const takePictures = async (page: Page, name: string): Promise<void> => {
  mkdirSync(PICTURES, { recursive: true });
  const phone = page.viewportSize();
  await page.screenshot({ path: join(PICTURES, `${name}-phone.png`), fullPage: true });
  await page.setViewportSize(WIDE);
  await page.screenshot({ path: join(PICTURES, `${name}-desk.png`), fullPage: true });
  if (phone !== null) await page.setViewportSize(phone);
};
