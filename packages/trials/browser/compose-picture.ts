import type { Browser } from 'playwright-core';
import { encodeIndexedPng } from './indexed-png.ts';
import type { Pixels } from './indexed-png.ts';

/** Screenshots of a page, with their widths in CSS pixels. */
type Shot = { readonly png: Buffer; readonly width: number };
type Shots = { readonly desktop: Shot; readonly phone: Shot };

const SCALE = 2;

const toDataUrl = (png: Buffer): string => `data:image/png;base64,${png.toString('base64')}`;

/** Puts both screenshots side by side on a transparent background. */
const compose = async (browser: Browser, { desktop, phone }: Shots): Promise<string> => {
  const page = await browser.newPage({ viewport: { width: 1800, height: 800 }, deviceScaleFactor: SCALE });
  await page.setContent(`<!doctype html>
    <style>
      body { margin: 0; }
      main { display: flex; gap: 28px; align-items: center; width: max-content; padding: 2px; }
      img { display: block; border: 1px solid #c3cbd3; border-radius: 12px; }
      .desktop { width: ${desktop.width}px; }
      .phone { width: ${phone.width}px; border: 6px solid #14191f; border-radius: 36px; }
    </style>
    <main><img class="desktop" src="${toDataUrl(desktop.png)}" /><img class="phone" src="${toDataUrl(phone.png)}" /></main>`);
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

/** A picture of a page on a desktop and on a phone, as a PNG with a palette. */
export const composePicture = async (browser: Browser, shots: Shots): Promise<Buffer> =>
  encodeIndexedPng(await readPixels(browser, await compose(browser, shots)));
