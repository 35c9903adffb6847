import { test } from 'node:test';
import { findPort } from '../support/postgres/cluster.ts';
import { SKIPPED_WITHOUT_ROOT, tryBuiltImage } from './built-image.ts';

test(
  'The steps of its Dockerfile, run in an empty folder, build a healthy sandbox that runs as the user of the image',
  { skip: SKIPPED_WITHOUT_ROOT },
  (t) =>
    tryBuiltImage(t, {
      dockerfile: 'deploy/sandbox/Dockerfile',
      folder: 'sandbox',
      bin: 'keyfob-sandbox',
      environment: async () => ({ KEYFOB_SANDBOX_PORT: String(await findPort()) }),
    }),
);
