-- Lies on disk in the order in which it is read: by conversation, then by place. "sender_id" is
-- null for what the server tells; "content" is JSON and comes last, so that counting unread
-- messages need not read it.
CREATE TABLE messages (
    conversation_id BIGINT NOT NULL REFERENCES conversations (id),
    seq BIGINT NOT NULL,
    rev BIGINT NOT NULL,
    sender_id BIGINT,
    id BYTEA NOT NULL,
    kind TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (conversation_id, seq)
) /* WITHOUT ROWID */;
-- Ids sort by time, so this grows at its end. It is what makes a repeated send harmless.
CREATE UNIQUE INDEX messages_by_id ON messages (id);
CREATE INDEX messages_by_rev ON messages (conversation_id, rev);
