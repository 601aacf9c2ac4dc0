-- "rev" counts the scope's changes, "last_seq" its messages. "activity" is the stamp of the last
-- transaction that changed anything in the scope. "own_rev" is the revision that stamped this row
-- itself. A direct conversation names its two people, the lower number first.
CREATE TABLE conversations (
    id BIGINT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    low_user_id BIGINT REFERENCES users (id),
    high_user_id BIGINT REFERENCES users (id),
    own_rev BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    activity BIGINT NOT NULL,
    UNIQUE (low_user_id, high_user_id)
) /* WITHOUT ROWID */;

-- A member lies in two scopes: "rev" is the revision of the conversation's scope that stamped the
-- member as all see it, "own_rev" that of user_id's scope that stamped their side of it.
CREATE TABLE members (
    conversation_id BIGINT NOT NULL REFERENCES conversations (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    delivered_seq BIGINT NOT NULL,
    read_seq BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    own_rev BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) /* WITHOUT ROWID */;
CREATE INDEX members_by_user ON members (user_id, own_rev);

INSERT INTO counters (name, value) VALUES ('conversations', 0);
