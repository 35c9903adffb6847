/** What operators may be, from the least to the most. */
export const ROLES = ['viewer', 'support', 'operator', 'admin'] as const;
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
  /** Subjects, VINs and addresses in clear, and the search by them or by a token. */
  'owners.read': 'support',
  'grants.revoke': 'support',
  'grants.reinstate': 'support',
  'grants.bulk': 'operator',
  'clients.write': 'operator',
  'secrets.write': 'operator',
  'webhooks.write': 'operator',
  /** A webhook's secret in clear. */
  'webhooks.secret': 'operator',
  'audit.read': 'operator',
  'keys.write': 'admin',
  'operators.read': 'admin',
  'operators.write': 'admin',
} as const satisfies Readonly<Record<string, Role>>;
export type Permission = keyof typeof PERMISSIONS;

/** Whether a role includes a permission. */
export const isAllowed = (role: Role, permission: Permission): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(PERMISSIONS[permission]);

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
