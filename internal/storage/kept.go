package storage

import (
	"context"

	"freddo/document"
)

// KeptTable holds the answers of requests with an Idempotency-Key.
const KeptTable = "__Idempotency"

// KeptAnswer is a request that was made once and its answer. Status is 0 while there is none.
type KeptAnswer struct {
	Fingerprint, Answer string
	Status, Creation    int64
}

// Kept returns what is kept under an id.
func (tx *Tx) Kept(ctx context.Context, id string) (k KeptAnswer, ok bool, err error) {
	var fingerprint, answer, status, creation document.Value
	b := NewBuilder(tx.Dialect()).SQL("SELECT ").Ident("fingerprint").SQL(", ").Ident("answer").SQL(", ").Ident("status").SQL(", ").Ident("creation").
		SQL(" FROM ").Ident(KeptTable).SQL(" WHERE ").Ident("id").SQL(" = ").Str(id)
	ok, err = tx.QueryRow(ctx, b, &fingerprint, &answer, &status, &creation)
	return KeptAnswer{Fingerprint: document.ToText(fingerprint), Answer: document.ToText(answer), Status: document.Cint(status), Creation: document.Cint(creation)}, ok, err
}

// Keep stores a request under an id. Errors: *Error of kind UniqueViolation.
func (tx *Tx) Keep(ctx context.Context, id string, k KeptAnswer) error {
	_, err := tx.Exec(ctx, NewBuilder(tx.Dialect()).SQL("INSERT INTO ").Ident(KeptTable).SQL(" (").Ident("id").SQL(", ").Ident("fingerprint").SQL(", ").
		Ident("answer").SQL(", ").Ident("status").SQL(", ").Ident("creation").SQL(") VALUES (").Str(id).SQL(", ").Str(k.Fingerprint).SQL(", ").
		Str(k.Answer).SQL(", ").Int(k.Status).SQL(", ").Int(k.Creation).SQL(")"))
	return err
}

// FinishKept adds the answer.
func (tx *Tx) FinishKept(ctx context.Context, id string, status int64, answer string) error {
	_, err := tx.Exec(ctx, NewBuilder(tx.Dialect()).SQL("UPDATE ").Ident(KeptTable).SQL(" SET ").Ident("status").SQL(" = ").Int(status).SQL(", ").
		Ident("answer").SQL(" = ").Str(answer).SQL(" WHERE ").Ident("id").SQL(" = ").Str(id))
	return err
}

// DropKept forgets a request.
func (tx *Tx) DropKept(ctx context.Context, id string) error {
	_, err := tx.Exec(ctx, NewBuilder(tx.Dialect()).SQL("DELETE FROM ").Ident(KeptTable).SQL(" WHERE ").Ident("id").SQL(" = ").Str(id))
	return err
}

// PurgeKept forgets what is older than a time in Unix seconds.
func (tx *Tx) PurgeKept(ctx context.Context, before int64) error {
	_, err := tx.Exec(ctx, NewBuilder(tx.Dialect()).SQL("DELETE FROM ").Ident(KeptTable).SQL(" WHERE ").Ident("creation").SQL(" < ").Int(before))
	return err
}
