import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { html } from './html.ts';
import type { Content } from './html.ts';

describe('A template', () => {
  for (const [name, content, expected] of [
    ['text as it is', 'IONIQ 5', 'IONIQ 5'],
    ['a tag as text', '<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    ['quotes as text', `" onfocus='x'`, '&quot; onfocus=&#39;x&#39;'],
    ['an entity as text', '&lt;', '&amp;lt;'],
    ['a number', 2026, '2026'],
    ['nothing for undefined', undefined, ''],
    ['nothing for false', false, ''],
    ['a nested template as HTML', html`<b>${'<'}</b>`, '<b>&lt;</b>'],
    ['each item of a list', ['<', html`<i></i>`, ['&']], '&lt;<i></i>&amp;'],
    ['a string that looks like HTML as text', html`<b></b>`.text, '&lt;b&gt;&lt;/b&gt;'],
  ] as readonly (readonly [string, Content, string])[]) {
    test(`writes ${name}`, () => {
      assert.equal(html`<p title="${content}">${content}</p>`.text, `<p title="${expected}">${expected}</p>`);
    });
  }

  test('refuses an object that only looks like a template', () => {
    const stranger = { text: '<script>' } as unknown as Content;
    assert.throws(() => html`${stranger}`);
  });
});
