import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { openConnectTrial, smartcarUrl } from '../connect/connect-trial.ts';
import { openBrowser } from '../support/chromium.ts';
import { sampleLogo } from '../support/sample-logo.ts';
import { encodeIndexedPng } from './indexed-png.ts';
import type { Pixels } from './indexed-png.ts';

/** Takes the picture of a consent page for the README: the page that a demo server serves, on a phone and on a desktop. */

const PICTURE = fileURLToPath(new URL('../../../docs/pictures/consent.png', import.meta.url));
const PHONE = { width: 390, height: 900 };
const DESKTOP = { width: 680, height: 900 };
const SCALE = 2;

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

const toDataUrl = (png: Buffer): string => `data:image/png;base64,${png.toString('base64')}`;

/** Puts both screenshots side by side on a transparent background. */
const compose = async (browser: Browser, desktop: string, phone: string): Promise<string> => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, deviceScaleFactor: SCALE });
  await page.setContent(`<!doctype html>
    <style>
      body { margin: 0; }
      main { display: flex; gap: 28px; align-items: center; width: max-content; padding: 2px; }
      img { display: block; border: 1px solid #c3cbd3; border-radius: 12px; }
      .desktop { width: ${DESKTOP.width}px; }
      .phone { width: ${PHONE.width}px; border: 6px solid #14191f; border-radius: 36px; }
    </style>
    <main><img class="desktop" src="${desktop}" /><img class="phone" src="${phone}" /></main>`);
  return toDataUrl(await page.locator('main').screenshot({ omitBackground: true }));
};

/** Lets the browser decode a picture. */
const readPixels = async (browser: Browser, picture: string): Promise<Pixels> => {
  const page = await browser.newPage();
  const { width, height, bytes } = await page.evaluate<{ width: number; height: number; bytes: string }>(`
    (async () => {
      const image = new Image();
      image.src = ${JSON.stringify(picture)};
      await image.decode();
      const { width, height } = image;
      const context = new OffscreenCanvas(width, height).getContext('2d');
      context.drawImage(image, 0, 0);
      const { buffer } = context.getImageData(0, 0, width, height).data;
      return { width, height, bytes: new Uint8Array(buffer).toBase64() };
    })()`);
  return { width, height, rgba: Buffer.from(bytes, 'base64') };
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
  const [desktop = '', phone = ''] = await Promise.all(
    [DESKTOP, PHONE].map(async (viewport) => {
      const page = await openConsent(browser, url, viewport);
      return toDataUrl(await page.screenshot({ fullPage: true }));
    }),
  );
  const picture = await compose(browser, desktop, phone);
  writeFileSync(PICTURE, encodeIndexedPng(await readPixels(browser, picture)));
} finally {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
}
