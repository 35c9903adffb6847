import { join } from 'node:path';
import { test } from 'node:test';
import { findPort } from '../support/postgres/cluster.ts';
import { SKIPPED_WITHOUT_ROOT, tryBuiltImage } from './built-image.ts';

test(
  'The steps of the Dockerfile, run in an empty folder, build a healthy server that runs as the user of the image',
  { skip: SKIPPED_WITHOUT_ROOT },
  (t) =>
    tryBuiltImage(t, {
      dockerfile: 'Dockerfile',
      folder: 'server',
      bin: 'keyfob',
      environment: async (variables, root) => ({
        KEYFOB_DATA: join(root, variables['KEYFOB_DATA'] ?? ''),
        KEYFOB_PORT: '0',
        KEYFOB_ADMIN_PORT: String(await findPort()),
      }),
    }),
);
