-- Whom to tell when the profile of somebody who is blocked changes.
CREATE INDEX blocks_by_blocked ON blocks (blocked_id, user_id);
