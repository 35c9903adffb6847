-- Scopes are few, so a grant names its own by a number, like its client and its caller.
CREATE TABLE scopes (
  number INTEGER PRIMARY KEY,
  scope  TEXT NOT NULL UNIQUE
) STRICT;

INSERT INTO scopes (scope) SELECT DISTINCT scope FROM grants;
ALTER TABLE grants ADD COLUMN scope_number INTEGER NOT NULL DEFAULT 0;
UPDATE grants SET scope_number = (SELECT number FROM scopes WHERE scopes.scope = grants.scope);
ALTER TABLE grants DROP COLUMN scope;

-- And rotated_at_ms keeps its size from now on: the newest moment in 6 bytes, then 3 for each gap before it, filled up with
-- blanks (moments.ts). A row in the older form, 6 bytes a moment, is read as it is and rewritten by its next refresh.
