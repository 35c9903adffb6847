import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fill, html } from './html.ts';
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

test('A text of a language is filled with content, wherever its argument stands and however often', () => {
  const name = html`<bdi>${'A & B'}</bdi>`;
  for (const [text, expected] of [
    [(slot: string) => `Connect ${slot}?`, 'Connect <bdi>A &amp; B</bdi>?'],
    [(slot: string) => `${slot}, ${slot} <b>`, '<bdi>A &amp; B</bdi>, <bdi>A &amp; B</bdi> &lt;b&gt;'],
    // Korean particles stay on the line of the name.
    [(slot: string) => `${slot}에서`, '<bdi>A &amp; B</bdi>\u2060에서'],
    [() => 'nothing', 'nothing'],
  ] as const)
    assert.equal(fill(text, name).text, expected);
});
