-- Where ids come from: the last number given out under each name.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
) /* WITHOUT ROWID */;

INSERT INTO counters (name, value) VALUES
    ('users', 10000),
    ('devices', 0),
    -- The greatest activity stamp, where the engine counts them itself.
    ('activity', 0);

-- What the server must remember about itself, such as the key that signs access tokens.
CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
) /* WITHOUT ROWID */;
