import { describeClientsPage } from '../../guide/describe-clients-page.ts';
import { readBlocks } from '../../guide/guide.ts';
import { describeLanguage } from './describe-language.ts';
import { installGo } from './go.ts';
import { describeLibrary } from './library-cases.ts';

const PAGE = 'clients/go.md';
const STYLES = ['AuthStyleInHeader', 'AuthStyleInParams', 'AuthStyleAutoDetect'];

await describeLanguage('Go', installGo, ({ clients, build }) => {
  for (const style of STYLES)
    describeLibrary(clients, {
      name: `x/oauth2, ${style}`,
      races: [
        { call: 'race', racers: 100 },
        { call: 'share', racers: 100 },
      ],
      typeOf: () => 'RetrieveError',
      hasStatus: true,
      outage: { type: 'RetrieveError', error: 'temporarily_unavailable', status: 503, retryAfter: '2' },
    });
  const [program = ''] = readBlocks(PAGE, 'go');
  describeClientsPage({ page: PAGE, environment: {}, programs: { 'x/oauth2': () => build(program) } });
});
