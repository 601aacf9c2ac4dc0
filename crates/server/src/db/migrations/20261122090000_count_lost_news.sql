-- How many times a node could not tell the others what it had changed. The others look at it now and
-- then, for they cannot know otherwise.
INSERT INTO counters (name, value) VALUES ('lost_news', 0);
