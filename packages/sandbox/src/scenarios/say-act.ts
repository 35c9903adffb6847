import { describeSpan } from './describe-span.ts';
import type { Act } from './scenario.ts';

/** What a scenario will do, as a part of a sentence. */
export const sayAct = (act: Act): string => {
  switch (act.kind) {
    case 'policy':
      return `the policy of the client changes (${JSON.stringify(act.change)})`;
    case 'policyBefore':
      return 'the client gets its policy of before again';
    case 'age':
      return `the refresh token gets so old that ${describeSpan(act.leftSeconds)} are left`;
    case 'pass':
      return typeof act.span === 'number'
        ? `the clock moves on by ${describeSpan(act.span)}`
        : act.span === 'overlap'
          ? 'the clock moves on until a used token may not be repeated'
          : 'the clock moves on until the refresh token has expired';
    case 'refreshElsewhere':
      return `another holder of the token refreshes ${act.times} times`;
    case 'saveServer':
      return 'the state of the server is copied';
    case 'restoreServer':
      return 'the server is put back to its copy';
    case 'revoke':
      return 'the owner ends the grant';
    case 'revokeAll':
      return `all grants of the client end within ${act.overSeconds} seconds`;
    case 'withdrawOneVehicle':
      return 'the owner takes back one vehicle';
    case 'rollSecret':
      return 'the client gets a new secret';
    case 'skew':
      return `the clock of the server is ${Math.abs(act.seconds)} seconds ${act.seconds > 0 ? 'ahead' : 'behind'}`;
    case 'open':
      return 'another address is opened';
  }
};
