import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openBrowser } from '../support/chromium.ts';
import { openLivelyConsole } from '../support/lively-console.ts';
import { refreshSmartcar } from '../support/refresh-request.ts';
import { composePicture } from './compose-picture.ts';

/** Takes the pictures of the console: why a connection stopped, on a desktop and on a phone, and the troubles of clients. */

const pictureAt = (name: string): string =>
  fileURLToPath(new URL(`../../../docs/pictures/${name}`, import.meta.url));
const SCALE = 2;
const DESKTOP = { width: 1180, height: 900 };
const PHONE = { width: 390, height: 844 };

const trial = await openLivelyConsole();
const browser = await openBrowser();
try {
  const shoot = async (
    path: string,
    viewport: typeof PHONE,
    { colorScheme, locale }: { readonly colorScheme: 'light' | 'dark'; readonly locale: string },
  ) => {
    const context = await browser.newContext({ viewport, colorScheme, locale, deviceScaleFactor: SCALE });
    const page = await context.newPage();
    await page.goto(await trial.link('admin'));
    await page.locator('main button.primary').click();
    await page.waitForURL('**/console');
    await page.goto(`${trial.adminUrl}${path}`);
    return { png: await page.screenshot(), width: viewport.width };
  };
  for (const end of ['1', '2', '3'])
    await refreshSmartcar(trial.url, trial.client, `e0b16e05-2f7a-4f1b-8a37-01234567890${end}`);
  await refreshSmartcar(trial.url, { ...trial.client, clientSecret: 'of-yesterday' }, trial.refreshToken);
  const light = { colorScheme: 'light', locale: 'en' } as const;
  const dark = { colorScheme: 'dark', locale: 'ko' } as const;
  const pictures = {
    'console-grant.png': `/console/grants/${trial.grants.restored}`,
    'console-client.png': `/console/clients/${trial.client.clientId}`,
    'console-troubles.png': '/console/troubles',
  };
  for (const [name, path] of Object.entries(pictures)) {
    const shots = { desktop: await shoot(path, DESKTOP, light), phone: await shoot(path, PHONE, dark) };
    writeFileSync(pictureAt(name), await composePicture(browser, shots));
  }
} finally {
  await browser.close();
  await trial.close();
}
