import { describeService } from '@keyfob/keeper/service';
import { describeAdminApi } from '@keyfob/server/operators';
import { createOpenApi } from '@keyfob/server/wire';
import { renderApiPage } from './api-page.ts';
import { renderCommands } from './commands.ts';
import { readHelp } from './help.ts';
import { renderKeeperCommands, renderKeeperSettings } from './keeper.ts';
import { renderPolicies } from './policies.ts';
import { renderScenarios } from './scenarios.ts';
import { renderSettings } from './settings.ts';

/** The server that the description of the endpoints is about; a running server puts itself there. */
const SAMPLE_ISSUER = 'https://fob.example';

/** The pages that are written from the program, by their paths. */
export const renderReference = async (): Promise<Readonly<Record<string, string>>> => {
  const commands = await readHelp([]);
  const document = createOpenApi(SAMPLE_ISSUER);
  return {
    'docs/reference/commands.md': renderCommands(commands),
    'docs/reference/keeper-commands.md': await renderKeeperCommands(),
    'docs/reference/keeper-settings.md': renderKeeperSettings(),
    'docs/reference/policies.md': renderPolicies(commands),
    'docs/reference/scenarios.md': renderScenarios(),
    'docs/reference/settings.md': renderSettings(),
    'docs/reference/openapi.json': `${JSON.stringify(document, null, 2)}\n`,
    'docs/reference/admin-openapi.json': `${JSON.stringify(describeAdminApi(), null, 2)}\n`,
    'docs/reference/keeper-openapi.json': `${JSON.stringify(describeService(), null, 2)}\n`,
    'docs/reference/api.html': renderApiPage(document),
  };
};
