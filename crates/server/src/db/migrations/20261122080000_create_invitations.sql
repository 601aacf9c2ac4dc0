-- When the operator disabled the account: it cannot sign in. Null where it can.
ALTER TABLE users ADD COLUMN disabled_at BIGINT;
-- The invitation that the account was made with, if any.
ALTER TABLE users ADD COLUMN invitation_id BIGINT;

-- What somebody may register with where not everybody may. Of its code only the SHA-256 is kept.
CREATE TABLE invitations (
    id BIGINT NOT NULL PRIMARY KEY,
    code_hash BYTEA NOT NULL UNIQUE,
    note TEXT NOT NULL,
    -- In the operator's words.
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Null where it does not run out.
    expires_at BIGINT,
    -- How many accounts may be made with it, and how many were.
    uses BIGINT NOT NULL,
    used BIGINT NOT NULL,
    revoked_at BIGINT
) /* WITHOUT ROWID */;

-- Sessions that were ended beside the servers, by a command of the operator: each server that runs
-- looks for new rows and closes the sockets.
CREATE TABLE notices (
    id BIGINT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id),
    device_id BIGINT NOT NULL REFERENCES devices (id),
    made_at BIGINT NOT NULL
) /* WITHOUT ROWID */;

INSERT INTO counters (name, value) VALUES ('invitations', 0), ('notices', 0);
