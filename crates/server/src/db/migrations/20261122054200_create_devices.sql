-- A device that is, or was, signed in: one session each. Ended ones stay, for the other devices of
-- the user have to hear of it.
CREATE TABLE devices (
    id BIGINT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    platform TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    -- SHA-256 of the refresh token that is good now, and of the one before it.
    token_hash BYTEA UNIQUE,
    previous_hash BYTEA UNIQUE,
    rotated_at BIGINT NOT NULL,
    -- When the tokens run out if they are not used.
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    -- The revision of the user's scope that this row changed at.
    rev BIGINT NOT NULL
) /* WITHOUT ROWID */;

CREATE INDEX devices_by_user ON devices (user_id, rev);
