package storage

import (
	"context"

	"freddo/document"
)

const authTable = "__Auth"

// Auth returns a stored secret: a password hash, or a Fernet token when encrypted.
// Source: frappe/utils/password.py.
func (tx *Tx) Auth(ctx context.Context, doctype, name, field string) (secret string, encrypted, ok bool, err error) {
	var s, e document.Value
	b := NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("password").SQL(", ").Ident("encrypted").SQL(" FROM ").Ident(authTable)
	ok, err = tx.QueryRow(ctx, authWhere(b, doctype, name, field), &s, &e)
	return document.ToText(s), document.Cint(e) != 0, ok, err
}

func authWhere(b *Builder, doctype, name, field string) *Builder {
	b.SQL(" WHERE ").Ident("doctype").SQL(" = ").Str(doctype).SQL(" AND ").Ident("name").SQL(" = ").Str(name)
	if field != "" {
		b.SQL(" AND ").Ident("fieldname").SQL(" = ").Str(field)
	}
	return b
}

// SetAuth stores a secret.
func (tx *Tx) SetAuth(ctx context.Context, doctype, name, field, secret string, encrypted bool) error {
	e := int64(0)
	if encrypted {
		e = 1
	}
	b := NewBuilder(tx.Dialect()).SQL("INSERT INTO ").Ident(authTable).SQL(" (").Ident("doctype").SQL(", ").Ident("name").SQL(", ").Ident("fieldname").
		SQL(", ").Ident("password").SQL(", ").Ident("encrypted").SQL(") VALUES (").Str(doctype).SQL(", ").Str(name).SQL(", ").Str(field).SQL(", ").
		Str(secret).SQL(", ").Int(e).SQL(")").SQL(tx.Dialect().Upsert([]string{"doctype", "name", "fieldname"}, []string{"password", "encrypted"}))
	_, err := tx.Exec(ctx, b)
	return err
}

// SwapAuth replaces a secret by another, unless it is no longer what it was.
func (tx *Tx) SwapAuth(ctx context.Context, doctype, name, field, was, now string) error {
	b := NewBuilder(tx.Dialect()).SQL("UPDATE ").Ident(authTable).SQL(" SET ").Ident("password").SQL(" = ").Str(now)
	_, err := tx.Exec(ctx, authWhere(b, doctype, name, field).SQL(" AND ").Ident("password").SQL(" = ").Str(was))
	return err
}

// DeleteAuth removes a secret, or all secrets of a document for an empty field.
func (tx *Tx) DeleteAuth(ctx context.Context, doctype, name, field string) error {
	_, err := tx.Exec(ctx, authWhere(NewBuilder(tx.Dialect()).SQL("DELETE FROM ").Ident(authTable), doctype, name, field))
	return err
}

// RenameAuth moves a document's secrets to its new name.
func (tx *Tx) RenameAuth(ctx context.Context, doctype, old, name string) error {
	b := NewBuilder(tx.Dialect()).SQL("UPDATE ").Ident(authTable).SQL(" SET ").Ident("name").SQL(" = ").Str(name)
	_, err := tx.Exec(ctx, authWhere(b, doctype, old, ""))
	return err
}
