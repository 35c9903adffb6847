import { html } from '../../connect/pages/html.ts';
import type { ConsolePage } from '../console-page.ts';
import type { ConsoleVisit } from '../console-visit.ts';

/** What happens at this node. The script fills the list. */
export const livePage = (
  { texts }: ConsoleVisit,
  filter: { readonly clientId: string; readonly grantId: string },
): ConsolePage => {
  const parameters = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ''));
  const address = `/api/v1/events/live?${parameters.toString()}`;
  return {
    title: texts.live.title,
    part: 'live',
    content: html`
      <header class="title">
        <h1>${texts.live.title}</h1>
        <p class="lead">${texts.live.lead}</p>
      </header>
      <noscript><p class="notice bad">${texts.live.needsScript}</p></noscript>
      <section>
        <form class="filter" method="get" action="/console/live">
          <p class="field">
            <label for="client">${texts.live.client}</label>
            <input
              id="client"
              name="clientId"
              value="${filter.clientId}"
              autocomplete="off"
              spellcheck="false"
            />
          </p>
          <p class="field">
            <label for="grant">${texts.live.grant}</label>
            <input
              id="grant"
              name="grantId"
              value="${filter.grantId}"
              autocomplete="off"
              spellcheck="false"
            />
          </p>
          <p class="submit">
            <button class="secondary">${texts.live.filter}</button>
            <button class="secondary" type="button" id="pause" data-resume="${texts.live.resume}" hidden>
              ${texts.live.pause}
            </button>
          </p>
        </form>
        <p class="empty" id="waiting" role="status" hidden>${texts.live.waiting}</p>
        <div role="log" aria-label="${texts.live.title}">
          <ol class="live" id="live" data-address="${address}" data-ended="${texts.live.ended}"></ol>
        </div>
      </section>
    `,
  };
};
