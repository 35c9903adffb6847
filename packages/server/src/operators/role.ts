/** At most so many clients per developer. */
export const OWN_CLIENTS_MAX = 20;

/** What operators may be, from the least to the most. A `developer` works with the clients that the role is bound to. */
export const ROLES = ['developer', 'viewer', 'support', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export const isRole = (name: string): name is Role => ROLES.some((role) => role === name);

/** What an operator may do, and the least role that may do it: the one table that everything asks. */
export const PERMISSIONS = {
  'clients.read': 'viewer',
  'grants.read': 'viewer',
  'events.read': 'viewer',
  'webhooks.read': 'viewer',
  'keys.read': 'viewer',
  'nodes.read': 'viewer',
  /** Where nodes run: hosts, process ids, addresses and paths. */
  'machines.read': 'operator',
  /** Subjects, VINs and addresses in clear, and the search by them or by a token. */
  'owners.read': 'support',
  /** The search for a grant by a token that somebody holds. */
  'tokens.open': 'support',
  /** The records of everything that an owner ever agreed to. */
  'owners.export': 'operator',
  'grants.revoke': 'support',
  'grants.reinstate': 'support',
  'grants.bulk': 'operator',
  'clients.write': 'operator',
  'secrets.write': 'operator',
  'redirects.write': 'operator',
  'webhooks.write': 'operator',
  /** A webhook's secret in clear. */
  'webhooks.secret': 'operator',
  'audit.read': 'operator',
  'keys.write': 'admin',
  'operators.read': 'admin',
  'operators.write': 'admin',
} as const satisfies Readonly<Record<string, Role>>;
export type Permission = keyof typeof PERMISSIONS;

/** What a developer may do with own clients, and with no other (`own-clients.ts`). */
const OF_DEVELOPERS: ReadonlySet<Permission> = new Set([
  'clients.read',
  'grants.read',
  'events.read',
  'webhooks.read',
  'tokens.open',
  'secrets.write',
  'redirects.write',
  'webhooks.write',
  'webhooks.secret',
]);

/** Whether a role includes a permission. */
export const isAllowed = (role: Role, permission: Permission): boolean =>
  role === 'developer'
    ? OF_DEVELOPERS.has(permission)
    : ROLES.indexOf(role) >= ROLES.indexOf(PERMISSIONS[permission]);

/** Reads `VALUE=ROLE,VALUE=ROLE`; `undefined` for anything else. */
export const parseRoles = (text: string): ReadonlyMap<string, Role> | undefined => {
  const roles = new Map<string, Role>();
  for (const entry of text.split(',')) {
    const at = entry.lastIndexOf('=');
    const [value, role] = [entry.slice(0, at).trim(), entry.slice(at + 1).trim()];
    if (at < 1 || value === '' || !isRole(role)) return undefined;
    roles.set(value, role);
  }
  return roles;
};

/** The highest role that the values of a claim give; `undefined` for none. */
export const roleOfClaim = (roles: ReadonlyMap<string, Role>, claim: unknown): Role | undefined => {
  const values: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  return ROLES.findLast((role) =>
    values.some((value) => typeof value === 'string' && roles.get(value) === role),
  );
};

/** The client ids that a claim names, as a text of words or a list of texts; others than the first ones are left out. */
export const readOwnClients = (claim: unknown): readonly string[] => {
  const values: readonly unknown[] =
    typeof claim === 'string' ? claim.split(/\s+/) : Array.isArray(claim) ? claim : [];
  const ids = values.filter((value): value is string => typeof value === 'string' && value !== '');
  return [...new Set(ids)].slice(0, OWN_CLIENTS_MAX);
};
