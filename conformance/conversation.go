package conformance

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// adminUser is who prepares the site.
const adminUser = "Administrator"

// boundary separates the parts of every multipart body, as in the recordings.
const boundary = "----conformance7MA4YWxk"

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

// fill puts saved variables in the place of ${name}. A text that is nothing but one variable
// becomes its value with its type; an unknown name stays as it is written.
func (c *conversation) fill(v any) any {
	switch t := v.(type) {
	case string:
		if name, rest, ok := variable(t); ok && rest == "" {
			if value, known := c.vars[name]; known {
				return value
			}
		}
		return c.fillText(t)
	case []any:
		out := make([]any, len(t))
		for i, x := range t {
			out[i] = c.fill(x)
		}
		return out
	case *Object:
		out := NewObject()
		for _, k := range t.Keys() {
			out.Set(pyStr(c.fill(k)), c.fill(t.Get(k)))
		}
		return out
	default:
		return v
	}
}

func (c *conversation) fillText(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		s = s[i:]
		name, rest, ok := variable(s)
		value, known := c.vars[name]
		switch {
		case !ok:
			b.WriteString("${")
			s = s[len("${"):]
		case !known:
			b.WriteString("${" + name + "}")
			s = rest
		default:
			b.WriteString(pyStr(value))
			s = rest
		}
	}
}

// variable reads ${name} at the beginning of s; a name is letters, digits, "_", "." and "-".
func variable(s string) (name, rest string, ok bool) {
	after, ok := strings.CutPrefix(s, "${")
	if !ok {
		return "", "", false
	}
	name, rest, ok = strings.Cut(after, "}")
	if !ok || name == "" {
		return "", "", false
	}
	for i := range len(name) {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_.-", c) >= 0) {
			return "", "", false
		}
	}
	return name, rest, true
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

// requestTarget returns path and query as they go on the request line.
func requestTarget(request *Object) string {
	target := pyStr(request.Get("path"))
	if raw, _ := request.Get("raw_path").(bool); !raw {
		target = quote(target, pathSafe)
	}
	var pairs []pair
	switch query := request.Get("query").(type) {
	case *Object:
		pairs = objectPairs(query)
	case []any: // [[name, value], …], for a name that comes twice
		for _, item := range query {
			if p, ok := item.([]any); ok && len(p) == 2 {
				pairs = append(pairs, pair{pyStr(p[0]), textOrJSON(p[1])})
			}
		}
	}
	if len(pairs) == 0 {
		return target
	}
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	return target + separator + urlencode(pairs)
}

func objectPairs(o *Object) []pair {
	pairs := make([]pair, 0, o.Len())
	for _, k := range o.Keys() {
		pairs = append(pairs, pair{k, textOrJSON(o.Get(k))})
	}
	return pairs
}

// requestBody returns the body, nil for none, and sets its Content-Type.
func requestBody(request, header *Object) (*[]byte, error) {
	var body []byte
	switch {
	case request.Has("json"):
		body = []byte(dumps(request.Get("json")))
		header.Set("Content-Type", "application/json")
	case request.Has("form"):
		form, _ := request.Get("form").(*Object)
		body = []byte(urlencode(objectPairs(form)))
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	case request.Has("multipart"):
		parts, _ := request.Get("multipart").(*Object)
		var err error
		if body, err = multipartBody(parts); err != nil {
			return nil, err
		}
		header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	case request.Has("text"):
		body = []byte(request.Text("text"))
	default:
		return nil, nil
	}
	return &body, nil
}

// multipartBody writes {fields: {name: value}, files: [{name, filename, type, text|b64, repeat}]}.
func multipartBody(parts *Object) ([]byte, error) {
	var b []byte
	fields, _ := parts.Get("fields").(*Object)
	for _, k := range fields.Keys() {
		b = fmt.Appendf(b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n", boundary, k, pyStr(fields.Get(k)))
	}
	files, _ := parts.Get("files").([]any)
	for _, item := range files {
		file, ok := item.(*Object)
		if !ok {
			return nil, fmt.Errorf("multipart file: want an object, got %s", short(item))
		}
		content, err := fileContent(file)
		if err != nil {
			return nil, err
		}
		b = fmt.Appendf(b, "--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\nContent-Type: %s\r\n\r\n",
			boundary, textOr(file, "name", "file"), file.Text("filename"), textOr(file, "type", "application/octet-stream"))
		b = append(b, content...)
		b = append(b, "\r\n"...)
	}
	return fmt.Appendf(b, "--%s--\r\n", boundary), nil
}

func fileContent(file *Object) ([]byte, error) {
	content := file.Text("text")
	if file.Has("b64") {
		data, err := base64.StdEncoding.DecodeString(file.Text("b64"))
		if err != nil {
			return nil, fmt.Errorf("multipart file: %w", err)
		}
		content = string(data)
	}
	if times, ok := file.Get("repeat").(interface{ Int64() (int64, error) }); ok {
		n, err := times.Int64()
		if err != nil || n < 0 {
			return nil, fmt.Errorf("multipart file: repeat %s", short(file.Get("repeat")))
		}
		if n > 0 { // 0 means once, as no repeat does
			content = strings.Repeat(content, int(n))
		}
	}
	return []byte(content), nil
}

// textOr returns the string under key, or fallback when the key is absent.
func textOr(o *Object, key, fallback string) string {
	if o.Has(key) {
		return pyStr(o.Get(key))
	}
	return fallback
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
