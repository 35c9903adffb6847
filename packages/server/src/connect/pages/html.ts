/** A piece of HTML that is safe to show: whatever was put into it has been escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a page: text and numbers are escaped, `undefined` and `false` are nothing, lists are joined. */
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
 * The only way HTML is made here: what is written in the template is HTML, what is put into it is text. Attributes must
 * be quoted; nothing may be put into a tag name, a script or a style.
 */
export const html = (strings: TemplateStringsArray, ...contents: readonly Content[]): Html =>
  new Html(strings.reduce((text, string, index) => `${text}${render(contents[index - 1])}${string}`));
