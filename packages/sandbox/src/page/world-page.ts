import { html } from './html.ts';
import type { Content } from './html.ts';
import { clientsSection } from './clients-section.ts';
import { clockSection } from './clock-section.ts';
import type { Page } from './document.ts';
import { faultsSection } from './faults-section.ts';
import { actionForm } from './fields.ts';
import { grantsSection } from './grants-section.ts';
import { journalSection } from './journal-section.ts';
import { renderNotice } from './notice.ts';
import type { Notice } from './notices.ts';
import { scenariosSection } from './scenarios-section.ts';
import { nameWorld, worldLinks, worldSection, worldsSection } from './world-section.ts';
import type { WorldView } from './world-view.ts';

/** The page of a world. `notice` is what the last form did. */
export const worldPage = (view: WorldView, notice: Notice | undefined): Page => {
  const { world, worlds, after } = view;
  const filled = (name: string): string => notice?.form?.get(name) ?? '';
  return {
    status: 200,
    title: nameWorld(world.id),
    navigation: worldLinks(worlds, world.id),
    live: { world: world.id, after },
    content: html`<h1>${nameWorld(world.id)} <code>${world.url}</code></h1>
      ${renderNotice(notice)} ${clockSection(view, filled)}
      <div class="board">
        <div>${grantsSection(view, filled)} ${journalSection(view)}</div>
        <div>
          ${faultsSection(view, filled)} ${scenariosSection(view)} ${askSection(world.id)}
          ${clientsSection(view)} ${worldSection(view)} ${worldsSection(view, filled)}
        </div>
      </div>`,
  };
};

const askSection = (world: string): Content =>
  html`<section class="card" aria-labelledby="ask-title">
    <h2 id="ask-title">What would this token cause?</h2>
    ${actionForm(
      world,
      'holds',
      html`<p class="field">
          <label for="ask-token">A token of this world</label>
          <textarea id="ask-token" name="token" rows="2" autocomplete="off" spellcheck="false"></textarea>
        </p>
        <button>Say it</button>
        <p class="soft">Nothing happens to the token or to its grant.</p>`,
    )}
  </section>`;
