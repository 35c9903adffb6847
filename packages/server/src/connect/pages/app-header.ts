import type { Client } from '../../clients/client.ts';
import { NO_PROFILE } from '../../clients/profile.ts';
import { fill, html } from './html.ts';
import type { Content } from './html.ts';
import { initialOf, isolate, nameClient, showName } from './names.ts';
import type { PageContext } from './page-context.ts';

/**
 * The logo of a client, or the first letter of its name. The picture is part of the page: its address would show the app
 * who opens the page, and when.
 */
export const renderIcon = (client: Client): Content => {
  const { logo } = client.profile ?? NO_PROFILE;
  if (logo === undefined)
    return html`<span class="app" aria-hidden="true">${initialOf(nameClient(client))}</span>`;
  const data = Buffer.from(logo.bytes).toString('base64');
  return html`<img class="app" src="data:${logo.mediaType};base64,${data}" alt="" width="56" height="56" />`;
};

/** Who makes an app, and where it says what it does with the data; nothing if it is not registered. */
export const renderOrigin = ({ texts }: PageContext, client: Client): Content => {
  const { developer, privacyUrl } = client.profile ?? NO_PROFILE;
  const maker = showName(developer);
  if (maker === '' && privacyUrl === undefined) return undefined;
  return html`<p class="origin">
    ${maker !== '' && html`<span>${fill(texts.consent.by, isolate(maker))}</span>`}
    ${
      privacyUrl !== undefined &&
      html`<a href="${privacyUrl}" target="_blank" rel="noopener noreferrer">${texts.consent.privacy}</a>`
    }
  </p>`;
};

/** A drawing of the client and the car. Screen readers skip it: the heading says the same. */
export const renderEmblem = (client: Client): Content =>
  html`<p class="emblem" aria-hidden="true">
    ${renderIcon(client)}
    <span class="dots"></span>
    <span class="car"
      ><svg viewBox="0 0 64 32" width="44" height="22" focusable="false">
        <path
          d="M4 23v-3c0-3 2-5 5-5.500l8-1.500c5-6 9-8 15-8h6c7 0 11 3 15 8l4 1c3 .8 4 3 4 5.500v3.500h-6a6 6 0 0 0-12 0H23a6 6 0 0 0-12 0z"
        />
        <circle cx="17" cy="24" r="4" />
        <circle cx="49" cy="24" r="4" /></svg
    ></span>
  </p>`;
