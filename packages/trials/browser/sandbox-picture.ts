import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startSandboxServer } from '@keyfob/sandbox';
import { openBrowser } from '../support/chromium.ts';
import { composePicture } from './compose-picture.ts';
import { openLivelyWorld } from './lively-world.ts';

/** Takes the picture of the sandbox's page for its guide, on a desktop and on a phone. */

const PICTURE = fileURLToPath(new URL('../../../docs/pictures/sandbox.png', import.meta.url));
const PORT = 8788;
const SCALE = 2;
const DESKTOP = { width: 1180, height: 900 };
const PHONE = { width: 390, height: 844 };

const sandbox = await startSandboxServer({
  port: PORT,
  defaultWorld: { clock: '2026-01-01', seed: 'picture' },
});
const browser = await openBrowser();
try {
  await openLivelyWorld(sandbox.defaultWorld());
  const shoot = async (viewport: typeof PHONE, colorScheme: 'light' | 'dark') => {
    const context = await browser.newContext({ viewport, colorScheme, deviceScaleFactor: SCALE });
    const page = await context.newPage();
    await page.goto(`${sandbox.url}/_sandbox/`);
    await page.getByText('Live', { exact: true }).waitFor();
    return { png: await page.screenshot(), width: viewport.width };
  };
  const shots = { desktop: await shoot(DESKTOP, 'light'), phone: await shoot(PHONE, 'dark') };
  writeFileSync(PICTURE, await composePicture(browser, shots));
} finally {
  await browser.close();
  await sandbox.close();
}
