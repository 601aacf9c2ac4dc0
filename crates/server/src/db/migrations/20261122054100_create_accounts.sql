CREATE TABLE users (
    id BIGINT NOT NULL PRIMARY KEY,
    -- In lower case.
    username TEXT NOT NULL UNIQUE,
    nickname TEXT NOT NULL,
    -- The nickname as it is searched: compatibility forms and case folded.
    nickname_key TEXT NOT NULL,
    signature TEXT NOT NULL,
    gender TEXT NOT NULL,
    region TEXT NOT NULL,
    email TEXT,
    -- The address in lower case: one mailbox, one account.
    email_key TEXT UNIQUE,
    birthday TEXT,
    -- Argon2id of the password digest, as a PHC string.
    password TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- The present revision of the user's scope.
    rev BIGINT NOT NULL,
    -- The revision that the account itself changed at.
    account_rev BIGINT NOT NULL
) /* WITHOUT ROWID */;

CREATE INDEX users_by_nickname ON users (nickname_key, id);
