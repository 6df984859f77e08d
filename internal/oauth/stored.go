package oauth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
	"freddo/internal/storage"
)

// In strict mode codes and tokens lie in the database as their SHA-256, the documents'
// names included, so that who reads a backup or a list holds none of them. 178 random
// bits need no slow hash. Compat mode stores them as upstream does. Either mode finds
// what the other has stored, and the sweep hashes what was stored before.
const hashMark = "sha256-"

// digest is a code or token as it is stored.
func digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hashMark + hex.EncodeToString(sum[:])
}

// digestRefresh is a refresh token as it is stored: the name of its family stays readable.
func digestRefresh(token string) string {
	if len(token) == familyLength+tokenLength {
		return token[:familyLength] + "-" + digest(token)
	}
	return digest(token)
}

func hashed(stored string) bool { return strings.Contains(stored, hashMark) }

// asStored are the texts under which a code or token that a client shows may lie in a
// field, the likelier first. What looks like a hash is no token: a hash opens nothing.
func (p *Provider) asStored(field, token string) []string {
	if token == "" || len(token) > 140 || hashed(token) {
		return nil
	}
	hash := digest(token)
	if field == "refresh_token" {
		hash = digestRefresh(token)
	}
	if p.strict() {
		return []string{hash, token}
	}
	return []string{token, hash}
}

// hashNew hashes the fields of a new code or token, which is named after the first.
func (p *Provider) hashNew(fields ...string) engine.Hook {
	return func(_ context.Context, _ *engine.Call, d *document.Document) error {
		if !p.strict() {
			return nil
		}
		for _, f := range fields {
			v := d.Text(f)
			switch {
			case v == "" || hashed(v):
			case f == "refresh_token":
				d.Set(f, document.Text(digestRefresh(v)))
			default:
				d.Set(f, document.Text(digest(v)))
			}
		}
		return nil
	}
}

// stored returns the document of a code or access token that a client shows. Errors:
// DoesNotExistError, about the text that was shown.
func (p *Provider) stored(ctx context.Context, c *engine.Call, dt, token string) (*document.Document, error) {
	for _, name := range p.asStored("name", token) {
		d, err := c.Get(ctx, dt, name)
		if err == nil && d.Name() == name || err != nil && !exc.Is(err, exc.DoesNotExist) {
			return d, err
		}
	}
	return nil, missing(dt, token)
}

// maxHashed is how many tokens one sweep hashes.
const maxHashed = 1000

// hashOld hashes codes and tokens that were stored as they are; n counts them.
func (p *Provider) hashOld(ctx context.Context, c *engine.Call) (n int64, err error) {
	for dt, fields := range map[string][]string{dtCode: {"authorization_code"}, dtToken: {"access_token", "refresh_token"}} {
		b := storage.NewBuilder(c.Tx.Dialect()).SQL("SELECT ").Ident("name")
		for _, f := range fields {
			b.SQL(", ").Ident(f)
		}
		b.SQL(" FROM ").Table(dt).SQL(" WHERE NOT (")
		c.Tx.Dialect().WriteLike(b, func() { b.Ident("name") }, document.Text(hashMark+"%"), false)
		rows, err := texts(ctx, c, b.SQL(") LIMIT ").Int(maxHashed), 1+len(fields))
		if err != nil {
			return n, err
		}
		for _, row := range rows {
			u := storage.NewBuilder(c.Tx.Dialect()).SQL("UPDATE ").Table(dt).SQL(" SET ").Ident("name").SQL(" = ").Str(digest(row[0]))
			for i, f := range fields {
				u.SQL(", ").Ident(f).SQL(" = ")
				switch v := row[i+1]; {
				case v == "" || hashed(v):
					u.Str(v)
				case f == "refresh_token":
					u.Str(digestRefresh(v))
				default:
					u.Str(digest(v))
				}
			}
			k, err := c.Tx.Exec(ctx, u.SQL(" WHERE ").Ident("name").SQL(" = ").Str(row[0]))
			if err != nil {
				return n, err
			}
			n += k
		}
	}
	return n, nil
}

// texts reads all rows of n columns as text.
func texts(ctx context.Context, c *engine.Call, b *storage.Builder, n int) ([][]string, error) {
	rows, err := c.Tx.Query(ctx, b)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out [][]string
	for rows.Next() {
		row := make([]string, n)
		for i := range row {
			row[i] = document.ToText(rows.Raw(i).Natural())
		}
		out = append(out, row)
	}
	return out, rows.Err()
}
