import { headersOfProblem, Problem, PROBLEMS } from '../admin/api/problem.ts';
import type { AdminAnswer, AdminRequest } from '../admin/exchange.ts';
import { html } from '../connect/pages/html.ts';
import type { StoreError } from '../errors.ts';
import type { Language, Sentence } from '../language.ts';
import { renderConsolePage } from './console-page.ts';
import type { ConsoleVisit } from './console-visit.ts';
import type { Texts } from './texts/en.ts';
import { TEXTS } from './texts/texts.ts';

/** A page that says in a sentence what did not work. `visit` is `undefined` where nobody is signed in. */
export const renderFault = (
  error: Problem | StoreError,
  language: Language,
  { requestId }: AdminRequest,
  visit?: ConsoleVisit,
): AdminAnswer => {
  const { problems } = TEXTS[language];
  const { status, sentence, faults } = describeFault(error, problems.sentences);
  const content = html`<section class="gate">
    <h1>${problems.title}</h1>
    <p class="lead">${sentence}</p>
    ${faults.map((fault) => html`<p ${isForeign(fault, language) && html`lang="en"`}>${fault[language]}</p>`)}
    <p><code class="quiet">${requestId}</code></p>
    <p><a class="button" href="/console">${problems.back}</a></p>
  </section>`;
  const answered = renderConsolePage(
    { status, title: problems.title, content },
    { language, target: '/console', ...(visit === undefined ? {} : { visit }) },
  );
  const more = error instanceof Problem ? headersOfProblem(error) : {};
  return { ...answered, headers: { ...answered.headers, ...more } };
};

/** Whether what another program said is shown as it is. */
const isForeign = (fault: Sentence, language: Language): boolean =>
  language !== 'en' && fault[language] === fault.en;

type Described = {
  readonly status: number;
  readonly sentence: string;
  readonly faults: readonly Sentence[];
};

const describeFault = (error: Problem | StoreError, sentences: Texts['problems']['sentences']): Described => {
  if (error instanceof Problem)
    return { status: PROBLEMS[error.code][0], sentence: sentences[error.code], faults: error.faults };
  const code = error.kind === 'unavailable' ? 'store_unavailable' : 'outcome_unknown';
  return { status: 503, sentence: sentences[code], faults: [] };
};
