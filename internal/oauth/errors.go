package oauth

import (
	"errors"
	"net/http"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
)

// Error is a refusal in OAuth's own terms. Source: oauthlib/oauth2/rfc6749/errors.py.
type Error struct {
	Code, Description, State string
	// Status is the HTTP status.
	Status int
}

func (e *Error) Error() string {
	if e.Description == "" {
		return "oauth: " + e.Code
	}
	return "oauth: " + e.Code + ": " + e.Description
}

func refuse(code, description string) *Error {
	e := &Error{Code: code, Description: description, Status: http.StatusBadRequest}
	if code == "invalid_client" || code == "invalid_token" {
		e.Status = http.StatusUnauthorized
	}
	return e
}

func invalidRequest(description string) *Error { return refuse("invalid_request", description) }

// answer puts an OAuth refusal into the response as upstream's
// generate_json_error_response does; other errors are handed on.
func answer(c *engine.Call, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	c.Response.Keys.Set("description", document.Text(e.Description))
	c.Response.Keys.Set("status_code", document.IntOf(int64(e.Status)))
	c.Response.Keys.Set("error", document.Text(e.Code))
	c.Response.Status = e.Status
	return nil
}

// answerToken puts a refusal of the token endpoint into the response: 400 whatever the
// error. Source: frappe/integrations/oauth2.py get_token.
func answerToken(c *engine.Call, err error, state string) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	c.Response.Keys.Set("error", document.Text(e.Code))
	if e.Description != "" {
		c.Response.Keys.Set("error_description", document.Text(e.Description))
	}
	if state != "" {
		c.Response.Keys.Set("state", document.Text(state))
	}
	c.Response.Status = http.StatusBadRequest
	return nil
}

// missing is upstream's answer for a document that it takes for granted.
func missing(dt, what string) error {
	return exc.DoesNotExist.Throwf("%s %s not found", dt, what).About(dt, what)
}

func notFound() error {
	e := exc.HTTP404.New("The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.")
	e.HTML = true
	return e
}
