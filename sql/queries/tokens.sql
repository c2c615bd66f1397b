-- name: tokens
-- Every token, by name; what has expired is there until it is revoked.
SELECT name, hash, CAST(scopes AS CHAR), made_at, expires_at, last_used_at FROM tokens ORDER BY name

-- name: add_token
-- Keep a token; fails when there is one of that name.
INSERT INTO tokens (name, hash, scopes, made_at, expires_at)
VALUES (%(name)s, %(hash)s, %(scopes)s, %(made_at)s, %(expires_at)s);

-- name: drop_token
-- Forget a token; what comes back names the one that there was.
DELETE FROM tokens WHERE name = %(name)s RETURNING name;

-- name: touch_token
-- A token was in use.
UPDATE tokens SET last_used_at = GREATEST(COALESCE(last_used_at, %(at)s), %(at)s)
WHERE hash = %(hash)s;
