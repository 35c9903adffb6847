/** A piece of HTML that is safe to show: every value in it was escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value in a template: text and numbers are escaped, `undefined`, `null` and `false` render nothing, lists are joined. */
export type Content = Html | string | number | undefined | null | false | readonly Content[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const render = (content: Content): string => {
  if (content instanceof Html) return content.text;
  if (content === undefined || content === null || content === false) return '';
  if (typeof content === 'string')
    return content.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
  return typeof content === 'number' ? String(content) : content.map(render).join('');
};

/**
 * The only way to make HTML here: the template is HTML, the values in it are text. Attributes must be quoted; no value
 * belongs in a tag name, a script or a style.
 */
export const html = (strings: TemplateStringsArray, ...contents: readonly Content[]): Html =>
  new Html(strings.reduce((text, string, index) => `${text}${render(contents[index - 1])}${string}`));
