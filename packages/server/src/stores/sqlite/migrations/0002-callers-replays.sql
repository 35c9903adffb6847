-- Who sends refreshes: few, and named by a small number in every grant's row. Capped by the code that fills it.
CREATE TABLE callers (
  number     INTEGER PRIMARY KEY,
  address    TEXT NOT NULL,
  user_agent TEXT NOT NULL,
  UNIQUE (address, user_agent)
) STRICT;

-- Who made the current generation.
ALTER TABLE grants ADD COLUMN caller INTEGER;

-- The last replay of a grant, kept for the operator: one row for each grant that ever saw one.
CREATE TABLE replays (
  grant_id          INTEGER PRIMARY KEY REFERENCES grants (id) ON DELETE CASCADE,
  times             INTEGER NOT NULL,
  at_ms             INTEGER NOT NULL,
  generation        INTEGER NOT NULL,
  gap               INTEGER NOT NULL,
  since_rotation_ms INTEGER,
  response          TEXT NOT NULL,
  looks_like        TEXT NOT NULL,
  caller            INTEGER,
  rotated_by        INTEGER
) STRICT;
