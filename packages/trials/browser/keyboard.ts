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

/** What the keyboard cannot reach, or shows no focus on: the elements of a page that somebody may press or fill in. */
const UNREACHABLE = `[...document.querySelectorAll('a[href], button, input, select, textarea, summary')]
  .filter((one) => one.checkVisibility() && !one.disabled && one.type !== 'hidden')
  .filter((one) => {
    one.focus();
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return document.activeElement !== one || one.tabIndex < 0 || outlineStyle === 'none' || outlineWidth === '0px';
  })
  .map((one) => one.outerHTML.slice(0, 120))`;

/** The elements that cannot be used by keyboard alone. The first Tab leads to the link that skips the navigation. */
export const findUnreachable = async (page: Page): Promise<readonly string[]> => {
  await page.keyboard.press('Tab');
  return page.evaluate<readonly string[]>(UNREACHABLE);
};
