package conformance

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// conversation is the client's side of a run: its keys, cookie jars and saved variables.
type conversation struct {
	target      Target
	observer    observer
	password    string
	adminCookie string
	tokens      map[string]string  // label → key:secret
	jars        map[string]*Object // session:label → cookies
	vars        map[string]any     // what save kept, under ${name}
}

func newConversation(r Runner, o observer) *conversation {
	return &conversation{
		target:   r.Target,
		observer: o,
		password: r.Password,
		tokens:   map[string]string{},
		jars:     map[string]*Object{},
		vars:     map[string]any{"url": r.BaseURL},
	}
}

// raw sends a request; header maps names to values, where null keeps a header from being sent.
// The values of the answer's header stay bytes.
func (c *conversation) raw(ctx context.Context, method, target string, header *Object, body *[]byte) (Response, error) {
	x := Exchange{Method: method, Target: target}
	if body != nil {
		x.Body = *body
	}
	if body != nil || method == "POST" || method == "PUT" || method == "PATCH" {
		header.Set("Content-Length", number(len(x.Body)))
	}
	for _, name := range header.Keys() {
		v := header.Get(name)
		if v == nil {
			continue
		}
		value, err := latin1Encode(pyStr(v))
		if err != nil {
			return Response{}, err
		}
		x.Header = append(x.Header, Header{Name: name, Value: value})
	}
	return c.target.Do(ctx, x)
}

// send sends a step as its actor, keeps cookies and saves variables.
// Errors: an actor without a key, a request that cannot be written, no answer.
func (c *conversation) send(ctx context.Context, step *Step) (*Object, error) {
	if step.Request == nil {
		return nil, errors.New("step without request")
	}
	request := c.fill(&step.Request.Object).(*Object)
	method := "GET"
	if request.Has("method") {
		method = request.Text("method")
	}
	header := NewObject("Accept", "application/json")
	body, err := requestBody(request, header)
	if err != nil {
		return nil, err
	}
	who := step.actor()
	jar := c.jar(who)
	switch {
	case jar != nil:
		if jar.Len() > 0 {
			header.Set("Cookie", cookieHeader(jar))
		}
	case who != "guest":
		token, ok := c.tokens[who]
		if !ok {
			return nil, fmt.Errorf("no key for user %q", who)
		}
		header.Set("Authorization", "token "+token)
	}
	if extra, ok := request.Get("headers").(*Object); ok {
		header.Update(extra)
	}
	response, err := c.raw(ctx, method, requestTarget(request), header, body)
	if err != nil {
		return nil, err
	}
	if jar != nil {
		keepCookies(jar, response)
	}
	c.save(step, response)
	return c.observer.observe(response), nil
}

// jar returns the cookies of a session actor; nil for any other actor.
func (c *conversation) jar(who string) *Object {
	if !strings.HasPrefix(who, "session:") {
		return nil
	}
	if c.jars[who] == nil {
		c.jars[who] = NewObject()
	}
	return c.jars[who]
}

func cookieHeader(jar *Object) string {
	parts := make([]string, 0, jar.Len())
	for _, name := range jar.Keys() {
		parts = append(parts, name+"="+jar.Text(name))
	}
	return strings.Join(parts, "; ")
}

func keepCookies(jar *Object, r Response) {
	for _, h := range r.Header {
		if strings.EqualFold(h.Name, "Set-Cookie") {
			c := parseCookie(latin1Decode(h.Value))
			jar.Set(c.name, c.value)
		}
	}
}

// save keeps what the step wants to keep. What is not there becomes "<unsaved name>", so that
// the steps that need it fail with a readable difference.
func (c *conversation) save(step *Step, r Response) {
	for _, name := range step.Save.Keys() {
		value, err := saved(step.Save.Text(name), step.SaveRE, r)
		if err != nil {
			value = "<unsaved " + name + ">"
		}
		c.vars[name] = value
	}
}

func saved(where, pattern string, r Response) (any, error) {
	if name, ok := strings.CutPrefix(where, "header:"); ok {
		return savedHeader(name, pattern, r)
	}
	v, err := Decode(r.Body)
	if err != nil {
		return nil, err
	}
	return lookup(v, strings.Split(where, "."))
}

func savedHeader(name, pattern string, r Response) (any, error) {
	var value string
	found := false
	for _, h := range r.Header {
		if strings.EqualFold(h.Name, name) {
			value, found = latin1Decode(h.Value), true
		}
	}
	if !found {
		return nil, fmt.Errorf("no header %s", name)
	}
	if pattern == "" {
		return value, nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	if m := re.FindStringSubmatch(value); len(m) > 1 {
		return m[1], nil
	}
	return value, nil
}
