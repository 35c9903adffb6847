import type { Page } from 'playwright-core';

const PRESSES_MAX = 60;

/** Presses Tab until an element that matches the selector has the focus. */
export const pressUntil = async (page: Page, selector: string): Promise<void> => {
  for (let presses = 0; presses < PRESSES_MAX; presses++) {
    await page.keyboard.press('Tab');
    const isThere = await page.evaluate<boolean>(
      `document.activeElement?.matches(${JSON.stringify(selector)}) === true`,
    );
    if (isThere) return;
  }
  throw new Error(`${selector} cannot be reached by the keyboard`);
};
