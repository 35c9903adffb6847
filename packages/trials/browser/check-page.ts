import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import axe from 'axe-core';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/** The folder for the pictures of a run. */
const PICTURES = fileURLToPath(new URL('../../../artefacts/browser/', import.meta.url));
const DESKTOP = { width: 1280, height: 800 };

/** Only the violations are described and returned: the rest of the results is most of the cost. */
const RUN_AXE = `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)`;

/** Takes pictures of a page where they are wanted, and checks its accessibility with axe. */
export const checkPage = async (page: Page, name: string): Promise<void> => {
  await takePictures(page, name);
  await checkAxe(page, name);
};

/** Checks the accessibility of a page as it is now. */
export const checkAxe = async (page: Page, name: string): Promise<void> => {
  // The policy of the pages forbids script elements, so axe is evaluated.
  await page.evaluate(axe.source);
  const violations = await page.evaluate<AxeResults['violations']>(RUN_AXE);
  const findings = violations.map(
    ({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ html }) => html).join(' ')})`,
  );
  assert.deepEqual(findings, [], `axe on ${name}`);
};

/** With TEST_PICTURES, takes pictures of a page as a phone and as a desktop show it. */
export const takePictures = async (page: Page, name: string): Promise<void> => {
  if (process.env['TEST_PICTURES'] === undefined) return;
  mkdirSync(PICTURES, { recursive: true });
  const phone = page.viewportSize();
  await page.screenshot({ path: join(PICTURES, `${name}-phone.png`), fullPage: true });
  await page.setViewportSize(DESKTOP);
  await page.screenshot({ path: join(PICTURES, `${name}-desktop.png`), fullPage: true });
  if (phone !== null) await page.setViewportSize(phone);
};
