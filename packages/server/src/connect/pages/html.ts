/** A piece of HTML that is safe to show: every value in it was escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value in a template: text and numbers are escaped, `undefined` and `false` render nothing, lists are joined. */
export type Content = Html | string | number | undefined | false | readonly Content[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

const render = (content: Content): string => {
  if (content instanceof Html) return content.text;
  if (content === undefined || content === false) return '';
  if (typeof content === 'string') return escape(content);
  return typeof content === 'number' ? String(content) : content.map(render).join('');
};

/**
 * The only way to make HTML here: the template itself is HTML, the values in it are text. Attributes must be quoted.
 * Values are not allowed in a tag name, a script or a style.
 */
export const html = (strings: TemplateStringsArray, ...contents: readonly Content[]): Html =>
  new Html(strings.reduce((text, string, index) => `${text}${render(contents[index - 1])}${string}`));

/** Stands for the content until it is filled in. A noncharacter, which no name on a page has. */
const SLOT = '\uFDD0';

/** A word joiner: in Korean, what follows a name without a space must stay on its line. */
const glueTo = (part: string): string => (/^\p{L}/u.test(part) ? `\u2060${part}` : part);

/** A text of a language with content instead of its argument: `fill((name) => texts.hello(name), html`<b>you</b>`)`. */
export const fill = (text: (slot: string) => string, content: Content): Html => {
  const [first = '', ...rest] = text(SLOT).split(SLOT);
  return html`${first}${rest.map((part) => html`${content}${glueTo(part)}`)}`;
};
