// Temporary files are in memory: a test waits longer for a disk than it computes, and no test takes the power away. The longer runs of
// `npm run nightly` use the disk. A TMPDIR of the caller is kept.
import { fastDirectory } from './fast-directory.ts';

process.env['TMPDIR'] ??= fastDirectory();
