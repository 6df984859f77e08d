package exc

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"strconv"
	"testing"
)

// TestStatusesAndBasesAreUpstreams holds every class that clients meet with its parent
// in frappe/exceptions.py, its status, and the last line of its traceback.
func TestStatusesAndBasesAreUpstreams(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		class     *Class
		status    int
		base      *Class
		qualified string
	}{
		{Validation, 417, nil, "frappe.exceptions.ValidationError"},
		{CSRFToken, 400, nil, "frappe.exceptions.CSRFTokenError"},
		{InvalidAuthorizationHeader, 400, CSRFToken, "frappe.exceptions.InvalidAuthorizationHeader"},
		{InvalidAuthorizationPrefix, 400, CSRFToken, "frappe.exceptions.InvalidAuthorizationPrefix"},
		{InvalidAuthorizationToken, 400, CSRFToken, "frappe.exceptions.InvalidAuthorizationToken"},
		{Authentication, 401, nil, "frappe.exceptions.AuthenticationError"},
		{SessionExpired, 401, nil, "frappe.exceptions.SessionExpired"},
		{Permission, 403, nil, "frappe.exceptions.PermissionError"},
		{ServerScriptNotEnabled, 403, Permission, "frappe.utils.safe_exec.ServerScriptNotEnabled"},
		{SignupDisabled, 403, Permission, "frappe.utils.oauth.SignupDisabledError"},
		{DoesNotExist, 404, Validation, "frappe.exceptions.DoesNotExistError"},
		{Name, 409, nil, "frappe.exceptions.NameError"},
		{DuplicateEntry, 409, Name, "frappe.exceptions.DuplicateEntryError"},
		{LinkExpired, 410, Validation, "frappe.exceptions.LinkExpired"},
		{UnsupportedMediaType, 415, nil, "frappe.exceptions.UnsupportedMediaType"},
		{Data, 417, Validation, "frappe.exceptions.DataError"},
		{Mandatory, 417, Validation, "frappe.exceptions.MandatoryError"},
		{CancelledLink, 417, LinkValidation, "frappe.exceptions.CancelledLinkError"},
		{DocstatusTransition, 417, Validation, "frappe.exceptions.DocstatusTransitionError"},
		{TimestampMismatch, 417, Validation, "frappe.exceptions.TimestampMismatchError"},
		{FrappeType, 417, TypeErr, "frappe.exceptions.FrappeTypeError"},
		{MaxFileSizeReached, 417, Validation, "frappe.core.doctype.file.exceptions.MaxFileSizeReachedError"},
		{WorkflowTransition, 417, Validation, "frappe.model.workflow.WorkflowTransitionError"},
		{InvalidNamingSeries, 417, Validation, "frappe.model.naming.InvalidNamingSeriesError"},
		{NestedSetRecursion, 417, Validation, "frappe.utils.nestedset.NestedSetRecursionError"},
		{InvalidFieldName, 417, Validation, "frappe.core.doctype.doctype.doctype.InvalidFieldNameError"},
		{TooManyRequests, 429, nil, "frappe.exceptions.TooManyRequestsError"},
		{RateLimitExceeded, 429, Validation, "frappe.exceptions.RateLimitExceededError"},
		{Security, 500, nil, "frappe.exceptions.SecurityException"},
		{ExpiredLogin, 500, nil, "frappe.twofactor.ExpiredLoginException"},
		{TypeErr, 500, nil, "TypeError"},
		{JSONDecode, 500, ValueErr, "json.decoder.JSONDecodeError"},
		{OutOfRange, 500, nil, "pymysql.err.DataError"},
		{OutgoingEmail, 501, nil, "frappe.exceptions.OutgoingEmailError"},
		{SessionStopped, 503, nil, "frappe.exceptions.SessionStopped"},
		{InReadOnlyMode, 503, Validation, "frappe.exceptions.InReadOnlyMode"},
		{HTTP404, 404, nil, "werkzeug.exceptions.NotFound"},
		{HTTP413, 413, nil, "werkzeug.exceptions.RequestEntityTooLarge"},
	} {
		t.Run(c.class.Name, func(t *testing.T) {
			if c.class.Status != c.status || c.class.Base != c.base || c.class.QualifiedName() != c.qualified {
				t.Errorf("got %d, %v, %s", c.class.Status, c.class.Base, c.class.QualifiedName())
			}
		})
	}
}

// TestEveryClassIsDeclaredOnce reads classes.go, so that a new class is looked at too: no
// two of one module share a name, every status is an error's, and what derives from
// ValidationError has its status or one of its own.
func TestEveryClassIsDeclaredOnce(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "classes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		fields := map[string]string{}
		ast.Inspect(spec.Values[0], func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok {
				switch v := kv.Value.(type) {
				case *ast.BasicLit:
					fields[kv.Key.(*ast.Ident).Name] = v.Value
				case *ast.Ident:
					fields[kv.Key.(*ast.Ident).Name] = v.Name
				}
			}
			return true
		})
		name := fields["Module"] + fields["Name"]
		if other, dup := seen[name]; dup {
			t.Errorf("%s and %s are both %s", other, spec.Names[0], name)
		}
		seen[name] = spec.Names[0].Name
		status, _ := strconv.Atoi(fields["Status"])
		if fields["Name"] == "" || status < 400 || status > 599 || fields["Base"] == "Validation" && status == 500 {
			t.Errorf("%s: name %s, status %d", spec.Names[0], fields["Name"], status)
		}
		return true
	})
	if len(seen) < 80 {
		t.Errorf("only %d classes were found", len(seen))
	}
}

func TestAClassIsItselfAndWhatItDerivesFrom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		class, other *Class
		want         bool
	}{
		{"itself", Validation, Validation, true},
		{"its parent", Mandatory, Validation, true},
		{"its parent's parent", CancelledLink, Validation, true},
		{"its child", Validation, Mandatory, false},
		{"its sibling", Mandatory, Data, false},
		{"one of the same name", Data, OutOfRange, false},
		{"another root", Permission, Validation, false},
		{"nothing", Validation, nil, false},
		{"nothing is no class", nil, Validation, false},
	} {
		if got := c.class.Is(c.other); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}

func TestErrorsAreFoundByClassThroughWrapping(t *testing.T) {
	t.Parallel()
	missing := DoesNotExist.Throw("User x not found")
	wrapped := fmt.Errorf("load: %w", fmt.Errorf("user: %w", missing))
	caught := Data.Wrap(missing, "bad")
	for _, c := range []struct {
		name  string
		err   error
		class *Class
		want  bool
		of    *Error
	}{
		{"its class", missing, DoesNotExist, true, missing},
		{"its base", missing, Validation, true, missing},
		{"another", missing, Permission, false, missing},
		{"wrapped by text", wrapped, DoesNotExist, true, missing},
		{"wrapped by another class", caught, Data, true, caught},
		{"the cause is for the log, not for the class", caught, DoesNotExist, false, caught},
		{"joined", errors.Join(io.EOF, wrapped), DoesNotExist, true, missing},
		{"an error of another type", io.EOF, Validation, false, nil},
		{"a class that wraps an error of another type", Data.Wrap(io.EOF, "bad"), Data, true, nil},
		{"no error", nil, Validation, false, nil},
	} {
		if got := Is(c.err, c.class); got != c.want {
			t.Errorf("%s: Is is %v", c.name, got)
		}
		if got := Of(c.err); got != c.of && c.of != nil || (got == nil) != (c.err == nil || c.err == io.EOF) {
			t.Errorf("%s: Of is %v", c.name, got)
		}
	}
	if !errors.Is(Data.Wrap(io.EOF, "bad"), io.EOF) || !errors.Is(caught, missing) || missing.Unwrap() != nil {
		t.Error("the cause is lost, or made up")
	}
}

func TestAnErrorsTextIsTheLastLineOfATraceback(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		err    *Error
		want   string
		thrown bool
	}{
		{"raised without a text", Permission.New(""), "frappe.exceptions.PermissionError", false},
		{"raised with one", Permission.New("No <b>x</b>"), "frappe.exceptions.PermissionError: No <b>x</b>", false},
		{"with a format", TypeErr.Errorf("%d of %s", 2, "%s"), "TypeError: 2 of %s", false},
		{"thrown", Validation.Throw("100%d"), "frappe.exceptions.ValidationError: 100%d", true},
		{"thrown with a format", Validation.Throwf("%d%%", 5), "frappe.exceptions.ValidationError: 5%", true},
		{"wrapped: the cause is not shown", Data.Wrap(errors.New("SQL"), "Invalid"), "frappe.exceptions.DataError: Invalid", false},
		{"wrapped without a text", Data.Wrap(errors.New("SQL"), ""), "frappe.exceptions.DataError", false},
	} {
		if got := c.err.Error(); got != c.want || c.err.Thrown != c.thrown {
			t.Errorf("%s: got %q, thrown %v", c.name, got, c.err.Thrown)
		}
	}
}

func TestAnErrorCarriesWhatItsAnswerNeeds(t *testing.T) {
	t.Parallel()
	e := Validation.Throw("text").WithTitle("Title").WithHint("hint").About("User", "x").
		WithPlain(Message{Text: "a"}, Message{List: []string{"b"}}).WithPlain(Message{Text: "c", Alert: true})
	if e.Title != "Title" || e.Hint != "hint" || e.DocType != "User" || e.Name != "x" || e.Text != "text" || !e.Thrown {
		t.Errorf("got %+v", e)
	}
	if len(e.Plain) != 3 || e.Plain[0].Text != "a" || e.Plain[1].List[0] != "b" || !e.Plain[2].Alert {
		t.Errorf("messages are out of order: %+v", e.Plain)
	}
	if other := Validation.Throw("text"); other.Title != "" || other.Plain != nil {
		t.Errorf("what one error carries is found on another: %+v", other)
	}
}
