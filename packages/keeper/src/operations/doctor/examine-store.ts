import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { isDatabaseUrl } from '../../config/settings.ts';
import { isOwnerGone } from '../../refresh/owner.ts';
import { openGuard } from '../../start/guard.ts';
import type { Identity, Store } from '../../stores/store.ts';
import { examineDatabase } from './examine-database.ts';
import { bad, ok } from './finding.ts';
import type { Finding } from './finding.ts';

/** Checks that commits are on disk when they return, and that the store is whole. */
export const examineDurability = (address: string, isWhole: boolean): Promise<readonly Finding[]> =>
  isDatabaseUrl(address) ? examineDatabase(address) : Promise.resolve(examineFile(address, isWhole));

/** A larger file is read as a whole only on demand: nothing else happens meanwhile, and nothing can be shown. */
const READ_MAX_BYTES = 2 ** 30;

const examineFile = (path: string, isWhole: boolean): readonly Finding[] => {
  const { size } = statSync(path);
  const isRead = isWhole || size <= READ_MAX_BYTES;
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const mode = String(database.prepare('PRAGMA journal_mode').get()?.['journal_mode']);
    const found = isRead
      ? String(Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})[0])
      : 'ok';
    const about = isRead
      ? 'intact'
      : `${(size / 2 ** 30).toFixed(1)} GiB, not read as a whole: --whole-store does that`;
    return [
      found === 'ok'
        ? ok('store', `${path}, ${about}`)
        : bad('store', 'fail', `${path}: ${found}`, 'Keep the file as it is, and restore the newest backup.'),
      mode === 'wal'
        ? ok('durability', 'write-ahead log, on disk at every commit')
        : bad(
            'durability',
            'fail',
            `journal mode ${mode}`,
            'Another program changed it: start a keeper, which sets it.',
          ),
    ];
  } finally {
    database.close();
  }
};

/** Checks that this is the store that this machine used last, and not a copy of it. */
export const examineCopy = (store: Pick<Store, 'guardFile'>, identity: Identity): Finding => {
  if (store.guardFile === undefined) return ok('copies', 'not watched for');
  const reason = openGuard(store.guardFile).check(identity);
  if (reason === undefined) return ok('copies', 'this is the store that this machine used last');
  return bad('copies', 'fail', `${QUARANTINES[reason] ?? reason}: nothing is sent`, ADOPT);
};

const ADOPT =
  'If no other keeper uses these grants, run "keyfob-keeper adopt --i-am-the-only-copy". Otherwise leave it so.';

/** Why a store sends nothing, as a sentence. */
export const QUARANTINES: Readonly<Record<string, string>> = {
  store_copied: 'this store is a copy, or came from another machine',
  store_foreign: 'another store was here before',
  store_restored: 'this store is older than the one that was here before: it came from a backup',
  by_hand: 'it was put in quarantine by hand',
};

/** Processes of this machine that use the store, and answers that a process has left. */
export const examineProcesses = ({ spoolDirectory }: Pick<Store, 'spoolDirectory'>): readonly Finding[] => {
  if (spoolDirectory === undefined || !existsSync(spoolDirectory)) return [];
  const owners = readdirSync(spoolDirectory)
    .filter((name) => name.endsWith('.spool'))
    .map((name) => Buffer.from(basename(join(spoolDirectory, name), '.spool'), 'base64url').toString());
  const gone = owners.filter((owner) => isOwnerGone({ owner })).length;
  return [
    ok('processes', `${owners.length - gone} on this machine`),
    ...(gone > 0
      ? [ok('spool', `${gone} left by processes that ended; the next start takes in what is in it`)]
      : []),
  ];
};
