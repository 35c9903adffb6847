-- Serves keyfob from schema 1 on.
-- Who made a grant's current generation, or redeemed a code: the number of a node times 2^32, and which of its beats. 0:
-- its answer was never given to anybody. Null: made before this step, or by no node. No index holds it.
ALTER TABLE grants ADD COLUMN maker bigint;
ALTER TABLE codes ADD COLUMN maker bigint;

-- The nodes that make them. Of everything that one made up to decided_beat it is known whether it was answered.
-- missed_at_ms: since when somebody waits for the node to say so of a later beat. Both moments are the database's.
CREATE TABLE nodes (
  number       bigint PRIMARY KEY,
  decided_beat bigint NOT NULL,
  seen_at_ms   bigint NOT NULL,
  missed_at_ms bigint
);
