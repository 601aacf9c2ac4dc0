-- A friendship is two rows, one for each side. A row stays when the friendship ends (deleted = 1),
-- because a device that was away has to learn of it, and because its conversation is used again.
-- "rev" is the revision of user_id's scope that stamped the row.
CREATE TABLE friends (
    user_id BIGINT NOT NULL REFERENCES users (id),
    friend_id BIGINT NOT NULL REFERENCES users (id),
    conversation_id BIGINT NOT NULL,
    remark TEXT NOT NULL,
    since BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (user_id, friend_id)
) /* WITHOUT ROWID */;
CREATE INDEX friends_by_rev ON friends (user_id, rev);

-- One row for each ordered pair: asking again renews it. It lies in two scopes, so it has two
-- stamps: "from_rev" of from_id's scope and "to_rev" of to_id's.
CREATE TABLE friend_requests (
    id BIGINT NOT NULL PRIMARY KEY,
    from_id BIGINT NOT NULL REFERENCES users (id),
    to_id BIGINT NOT NULL REFERENCES users (id),
    message TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    from_rev BIGINT NOT NULL,
    to_rev BIGINT NOT NULL,
    UNIQUE (from_id, to_id)
) /* WITHOUT ROWID */;
CREATE INDEX friend_requests_by_from_rev ON friend_requests (from_id, from_rev);
CREATE INDEX friend_requests_by_to_rev ON friend_requests (to_id, to_rev);
CREATE INDEX friend_requests_by_from_age ON friend_requests (from_id, created_at, id);
CREATE INDEX friend_requests_by_to_age ON friend_requests (to_id, created_at, id);

-- Seen by user_id alone. "rev" is the revision of user_id's scope that stamped the row.
CREATE TABLE blocks (
    user_id BIGINT NOT NULL REFERENCES users (id),
    blocked_id BIGINT NOT NULL REFERENCES users (id),
    since BIGINT NOT NULL,
    deleted BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
) /* WITHOUT ROWID */;
CREATE INDEX blocks_by_rev ON blocks (user_id, rev);

INSERT INTO counters (name, value) VALUES ('friend_requests', 0);
