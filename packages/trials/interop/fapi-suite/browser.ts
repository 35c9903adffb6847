import assert from 'node:assert/strict';
import type { PlainBrowser, PlainPage } from '../../connect/plain-browser.ts';
import type { Json } from './jwt.ts';

type Command = readonly [string, string, string, ...(string | number)[]];
type Task = {
  readonly task: string;
  readonly match: string;
  readonly optional?: true;
  readonly commands: readonly Command[];
};
export type Visit = {
  readonly match: string;
  readonly 'match-limit'?: number;
  readonly tasks: readonly Task[];
};

/** The parameters with which a page sends its owner back. */
export const answerOf = ({ target, body }: PlainPage): Json => {
  assert.ok(target !== '', body);
  return Object.fromEntries(new URL(target).searchParams);
};

const fits = (pattern: string, url: string): boolean =>
  new RegExp(`^${pattern.split('*').map(escapeText).join('.*')}$`).test(url);

const escapeText = (text: string): string => text.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);

/** The value of the button that a command clicks. */
const buttonOf = (selector: string): string =>
  /^button\[name='\w+'\]\[value='(?<value>\w+)'\]$/.exec(selector)?.groups?.['value'] ??
  assert.fail(`no button: ${selector}`);

const hasButton = ({ body }: PlainPage, value: string): boolean => body.includes(`value="${value}"`);

/**
 * Does with a page what the browser of a suite does with the tasks of the configuration: it stops where the owner is sent back to
 * the client, or where a message is shown.
 */
export const moveBrowser = async (
  browser: PlainBrowser,
  first: PlainPage,
  visits: readonly Visit[],
  redirectUri: string,
): Promise<PlainPage> => {
  const visit =
    visits.find(({ match }) => fits(match, first.url)) ?? assert.fail(`no visit for ${first.url}`);
  let page = first;
  for (const { task, match, optional, commands } of visit.tasks) {
    const at = page.target === '' ? page.url : page.target;
    if (!fits(match, at)) {
      assert.ok(optional === true, `${task}: at ${at}`);
      continue;
    }
    for (const [command, , selector] of commands) {
      if (at.startsWith(redirectUri)) continue;
      const value = command === 'click' ? buttonOf(selector) : '';
      if (command === 'wait')
        assert.ok(
          page.body.includes(selector === '.message' ? 'class="message"' : 'name="owner"'),
          page.body,
        );
      if (command !== 'click' || !hasButton(page, value)) continue;
      const fields = value === 'agree' ? checkedOf(page) : {};
      const pressed = await browser.press(page, value, fields);
      page = pressed.target.startsWith(redirectUri)
        ? pressed
        : await browser.follow(pressed.target, originOf(first.url));
    }
  }
  return page;
};

/** What is checked when the page opens, as a browser sends it. */
const checkedOf = ({ body }: PlainPage): Record<string, string> =>
  Object.fromEntries(
    [...body.matchAll(/name="(?<name>vehicle_[^"]+)"\s+value="yes"\s+checked/g)].map(({ groups }) => [
      groups?.['name'] ?? '',
      'yes',
    ]),
  );

const originOf = (url: string): string => new URL(url).origin;
