import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openBrowser } from '../support/chromium.ts';
import { composePicture } from './compose-picture.ts';
import { openLivelyKeeper } from './lively-keeper.ts';

/** Takes the picture of the keeper's status page for its README, on a desktop and on a phone. */

const PICTURE = fileURLToPath(new URL('../../../docs/pictures/keeper.png', import.meta.url));
const SCALE = 2;
const DESKTOP = { width: 1080, height: 1240 };
const PHONE = { width: 390, height: 844 };

const lively = await openLivelyKeeper({ nowMs: Date.UTC(2026, 0, 12, 9, 30), cars: 20_000 });
const browser = await openBrowser();
try {
  const shoot = async (viewport: typeof PHONE, colorScheme: 'light' | 'dark') => {
    const context = await browser.newContext({
      viewport,
      colorScheme,
      deviceScaleFactor: SCALE,
      httpCredentials: { username: '', password: lively.password },
    });
    const page = await context.newPage();
    await page.goto(lively.url);
    return { png: await page.screenshot(), width: viewport.width };
  };
  const shots = { desktop: await shoot(DESKTOP, 'light'), phone: await shoot(PHONE, 'dark') };
  writeFileSync(PICTURE, await composePicture(browser, shots));
} finally {
  await browser.close();
  await lively.close();
}
