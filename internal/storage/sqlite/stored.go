package sqlite

import (
	sqlite3 "github.com/ncruces/go-sqlite3"

	"freddo/internal/storage"
)

// storedAs is the name of the function that writes text as a column of dates, times or
// JSON keeps it: null when it is none.
const storedAs = "freddo_stored"

func registerStored(db *sqlite3.Conn) error {
	return db.CreateFunction(storedAs, 2, sqlite3.DETERMINISTIC|sqlite3.INNOCUOUS, func(ctx sqlite3.Context, args ...sqlite3.Value) {
		text, ok := storage.StoredAs(args[0].Text(), args[1].Text())
		if !ok || args[1].Type() == sqlite3.NULL {
			ctx.ResultNull()
			return
		}
		ctx.ResultText(text)
	})
}
