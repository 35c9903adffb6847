import { randomBytes } from 'node:crypto';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findPort } from '../support/postgres/cluster.ts';
import { SKIPPED_WITHOUT_ROOT, tryBuiltImage } from './built-image.ts';

test(
  'The steps of its Dockerfile, run in an empty folder, build a healthy keeper that runs as the user of the image',
  { skip: SKIPPED_WITHOUT_ROOT },
  (t) =>
    tryBuiltImage(t, {
      dockerfile: 'deploy/keeper/Dockerfile',
      folder: 'keeper',
      bin: 'keyfob-keeper',
      environment: async (_, root) => {
        const data = join(root, 'var/lib/keyfob-keeper');
        mkdirSync(data, { recursive: true });
        chownSync(data, 1000, 1000);
        return {
          KEEPER_PORT: String(await findPort()),
          KEEPER_HOST: '127.0.0.1',
          KEEPER_STORE: join(data, 'keeper.db'),
          KEEPER_DIRECTORY: join(data, 'node'),
          KEEPER_KEY: randomBytes(32).toString('base64url'),
        };
      },
    }),
);
