package conformance

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// adminUser is who prepares the site.
const adminUser = "Administrator"

// login makes the Administrator's key. Every error means that the run is pointless.
func (c *conversation) login(ctx context.Context) error {
	r, err := c.post(ctx, "/api/method/login", NewObject("usr", adminUser, "pwd", c.password), NewObject())
	if err != nil {
		return fmt.Errorf("login as %s: %w", adminUser, err)
	}
	for _, h := range r.Header {
		if strings.EqualFold(h.Name, "Set-Cookie") && strings.HasPrefix(h.Value, "sid=") {
			c.adminCookie = "sid=" + parseCookie(latin1Decode(h.Value)).value
			break
		}
	}
	if c.adminCookie == "" {
		return fmt.Errorf("login as %s: no sid cookie", adminUser)
	}
	c.tokens["admin"], err = c.keys(ctx, adminUser)
	return err
}

// keys generates a user's API key and returns key:secret.
func (c *conversation) keys(ctx context.Context, user string) (string, error) {
	r, err := c.post(ctx, "/api/method/frappe.core.doctype.user.user.generate_keys",
		NewObject("user", user), NewObject("Cookie", c.adminCookie))
	if err != nil {
		return "", fmt.Errorf("generate_keys for %s: %w", user, err)
	}
	secret, err := saved("message.api_secret", "", r)
	if err != nil {
		return "", fmt.Errorf("generate_keys for %s: %w", user, err)
	}
	header := NewObject("Accept", "application/json", "Cookie", c.adminCookie)
	if r, err = c.raw(ctx, "GET", "/api/resource/User/"+quote(user, "/"), header, nil); err != nil {
		return "", fmt.Errorf("read user %s: %w", user, err)
	}
	key, err := saved("data.api_key", "", r)
	if err != nil {
		return "", fmt.Errorf("read user %s: status %d: %w", user, r.Status, err)
	}
	return pyStr(key) + ":" + pyStr(secret), nil
}

// addUser creates an account of the area and its key.
func (c *conversation) addUser(ctx context.Context, u User) error {
	email, firstName, userType := u.Email, u.FirstName, u.UserType
	if email == "" {
		email = u.Label + "@example.com"
	}
	if firstName == "" {
		firstName = titleCase(u.Label)
	}
	if userType == "" {
		userType = "System User"
	}
	roles := make([]any, len(u.Roles))
	for i, role := range u.Roles {
		roles[i] = NewObject("role", role)
	}
	user := NewObject("email", email, "first_name", firstName, "send_welcome_email", number(0),
		"enabled", number(1), "user_type", userType, "roles", roles)
	if u.Password != "" {
		user.Set("new_password", u.Password)
	}
	user.Update(u.Extra)
	_, err := c.post(ctx, "/api/resource/User", user, NewObject("Authorization", "token "+c.tokens["admin"]))
	if err != nil {
		return fmt.Errorf("create user %s: %w", u.Label, err)
	}
	c.tokens[u.Label], err = c.keys(ctx, email)
	return err
}

// post sends JSON while a run is prepared; any status but 200 is an error.
func (c *conversation) post(ctx context.Context, target string, doc, extra *Object) (Response, error) {
	header := NewObject("Content-Type", "application/json", "Accept", "application/json")
	header.Update(extra)
	body := []byte(dumps(doc))
	r, err := c.raw(ctx, "POST", target, header, &body)
	if err != nil {
		return Response{}, err
	}
	if r.Status != 200 {
		return Response{}, errors.New(strconv.Itoa(r.Status) + " " + clip(decodeReplace(r.Body), 600))
	}
	return r, nil
}

// clip returns at most the first n characters.
func clip(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n])
	}
	return s
}
