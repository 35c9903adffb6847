import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { openConnectTrial, smartcarUrl } from '../connect/connect-trial.ts';
import { openBrowser } from '../support/chromium.ts';
import { sampleLogo } from '../support/sample-logo.ts';
import { composePicture } from './compose-picture.ts';

/** Takes the picture of a consent page for the README: the page that a demo server serves, on a phone and on a desktop. */

const PICTURE = fileURLToPath(new URL('../../../docs/pictures/consent.png', import.meta.url));
const PHONE = { width: 390, height: 900 };
const DESKTOP = { width: 680, height: 900 };
const SCALE = 2;
const NONE = Buffer.alloc(0);

/** Opens the consent page of a demo owner, and chooses a vehicle. */
const openConsent = async (browser: Browser, url: string, viewport: typeof PHONE): Promise<Page> => {
  const context = await browser.newContext({
    locale: 'en-US',
    colorScheme: 'light',
    viewport,
    deviceScaleFactor: SCALE,
  });
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('button', { name: 'Demo owner 2' }).click();
  await page.getByLabel('EV6').check();
  await page.mouse.move(0, 0);
  // The whole page in sight, so that the buttons are in their place at its end.
  const height = await page.evaluate<number>('document.documentElement.scrollHeight');
  await page.setViewportSize({ ...viewport, height });
  return page;
};

const cleanUps: (() => unknown)[] = [];
try {
  const trial = await openConnectTrial({ after: (cleanUp) => cleanUps.push(cleanUp) });
  const client = await trial.register('smartcar', {
    name: 'Charge Planner',
    developer: 'Example GmbH',
    privacyUrl: 'https://charge-planner.example/privacy',
    logo: sampleLogo(128),
    redirectUris: ['https://charge-planner.example/callback'],
  });
  const scope = 'read_vehicle_info read_battery read_charge control_charge';
  const url = smartcarUrl(trial, client, { scope, make: 'KIA' });
  const browser = await openBrowser();
  cleanUps.push(() => browser.close());
  const [desktop = NONE, phone = NONE] = await Promise.all(
    [DESKTOP, PHONE].map(async (viewport) => {
      const page = await openConsent(browser, url, viewport);
      return page.screenshot({ fullPage: true });
    }),
  );
  const shots = {
    desktop: { png: desktop, width: DESKTOP.width },
    phone: { png: phone, width: PHONE.width },
  };
  writeFileSync(PICTURE, await composePicture(browser, shots));
} finally {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
}
