package httpapi

import (
	"context"
	"strings"

	"freddo/exc"
)

// endpoint answers one route; its result goes under the route's key.
type endpoint func(x *exchange, ctx context.Context) (any, error)

// target is where a path and a verb lead.
type target struct {
	run endpoint
	// doctype, name and method are the path's arguments.
	doctype, name, method string
}

// notFound is what an unknown route answers.
func notFound() error { return exc.DoesNotExist.New("") }

// methodNotAllowed is what a known path answers to another verb.
func methodNotAllowed(allow string) error {
	e := exc.HTTP405.New("The method is not allowed for the requested URL.")
	e.HTML = true
	e.Headers = [][2]string{{"Allow", allow}}
	return e
}

// matchOld follows v14: the path is cut into at most four parts, and verbs that mean
// nothing answer {}. Source: frappe/api.py handle (v14).
func matchOld(path, verb string, runMethod bool) (target, error) {
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 4)
	parts = append(parts, "", "", "", "")
	t := target{doctype: parts[2], name: parts[3]}
	switch {
	case parts[1] == "method":
		return target{run: callMethod, method: t.doctype}, nil
	case parts[1] == "batch" && t.doctype == "":
		return matchBatch(verb)
	case parts[1] != "resource" || t.doctype == "":
		return target{}, notFound()
	case runMethod:
		t.run = nothing
		if verb == "GET" || verb == "POST" {
			t.run = runMethodV1
		}
		return t, nil
	}
	t.run = nothing
	switch {
	case t.name != "" && verb == "GET":
		t.run = readV1
	case t.name != "" && verb == "PUT":
		t.run = updateV1
	case t.name != "" && verb == "DELETE":
		t.run = deleteV1
	case t.name == "" && verb == "GET":
		t.run = listV1
	case t.name == "" && verb == "POST":
		t.run = createV1
	}
	return t, nil
}

// match follows v15 and later: v1 under /api and /api/v1, v2 under /api/v2. A
// trailing slash is no part of the last argument; // anywhere is not found.
// Source: frappe/api/__init__.py API_URL_MAP, v1.py, v2.py url_rules.
func match(path, verb string, hasCopy bool) (target, error) {
	if strings.Contains(path, "//") || strings.ContainsRune(path, '\n') {
		return target{}, notFound()
	}
	if rest, ok := strings.CutPrefix(path, "/api/v2/"); ok {
		return matchV2(rest, verb, hasCopy)
	}
	rest, ok := strings.CutPrefix(path, "/api/v1/")
	if !ok {
		rest, ok = strings.CutPrefix(path, "/api/")
	}
	if !ok {
		return target{}, notFound()
	}
	return matchV1(rest, verb)
}

func matchV1(rest, verb string) (target, error) {
	root, rest, _ := strings.Cut(rest, "/")
	switch root {
	case "method":
		name, _, _ := strings.Cut(rest, "/") // what follows a slash is ignored
		if name == "" {
			return target{}, notFound()
		}
		return target{run: callMethod, method: name}, nil
	case "resource":
		return matchResource(rest, verb)
	}
	return target{}, notFound()
}

func matchResource(rest, verb string) (target, error) {
	dt, name, _ := strings.Cut(rest, "/")
	if dt == "" {
		return target{}, notFound()
	}
	t := target{doctype: dt}
	if name == "" {
		switch verb {
		case "GET", "HEAD":
			t.run = listV1
		case "POST":
			t.run = createV1
		default:
			return t, methodNotAllowed("GET, HEAD, POST")
		}
		return t, nil
	}
	var slash bool
	t.name, slash = strings.CutSuffix(name, "/")
	switch verb {
	case "GET", "HEAD":
		t.run = readOrRunV1
	case "POST":
		t.run = runMethodV1
	case "PUT":
		t.run = updateV1
	case "DELETE":
		t.run = deleteV1
	default:
		return t, wrongVerb(slash, "DELETE, GET, HEAD, POST, PUT")
	}
	return t, nil
}

// wrongVerb is what a rule that ends in a slash answers to another verb: upstream's
// web library tells 405 only when the path ends in a slash too.
func wrongVerb(slash bool, allow string) error {
	if slash {
		return methodNotAllowed(allow)
	}
	return notFound()
}

func matchV2(rest, verb string, hasCopy bool) (target, error) {
	root, rest, _ := strings.Cut(rest, "/")
	switch root {
	case "method":
		return matchMethodV2(strings.TrimSuffix(rest, "/"), verb)
	case "document":
		return matchDocument(rest, verb, hasCopy)
	case "batch":
		if rest != "" {
			return target{}, notFound()
		}
		return matchBatch(verb)
	case "doctype":
		dt, what, _ := strings.Cut(strings.TrimSuffix(rest, "/"), "/")
		t := target{doctype: dt}
		switch {
		case dt == "":
		case what == "meta":
			t.run = metaV2
		case what == "count":
			t.run = countV2
		}
		if t.run == nil {
			return target{}, notFound()
		}
		if verb != "GET" && verb != "HEAD" {
			return target{}, methodNotAllowed("GET, HEAD")
		}
		return t, nil
	}
	return target{}, notFound()
}

func matchBatch(verb string) (target, error) {
	if verb != "POST" {
		return target{}, methodNotAllowed("POST")
	}
	return target{run: batch}, nil
}

func matchMethodV2(rest, verb string) (target, error) {
	first, second, two := strings.Cut(rest, "/")
	switch {
	case first == "" || two && second == "" || strings.Contains(second, "/"):
		return target{}, notFound()
	case two:
		return target{run: callModuleMethod, doctype: first, method: second}, nil
	}
	t := target{run: callMethod, method: first}
	switch first {
	case "bulk_delete", "bulk_update":
		t.method = bulkRoutes[first]
	case "login":
		t.run = nothing // Frappe: only the exact path /api/method/login logs in
	case "logout":
		t.run = logoutV2
	case "upload_file":
		t.run = uploadV2
	case "run_doc_method":
		if verb == "GET" || verb == "POST" || verb == "HEAD" {
			t.run = runDocMethodV2
		}
	}
	return t, nil
}

// bulkRoutes are the methods behind /document/DT/… that change many documents.
var bulkRoutes = map[string]string{"bulk_delete": "freddo.bulk.delete", "bulk_update": "freddo.bulk.update"}

func matchDocument(rest, verb string, hasCopy bool) (target, error) {
	dt, name, _ := strings.Cut(rest, "/")
	if dt == "" {
		return target{}, notFound()
	}
	t := target{doctype: dt}
	if name == "" {
		switch verb {
		case "GET", "HEAD":
			t.run = listV2
		case "POST":
			t.run = createV2
		default:
			return t, methodNotAllowed("GET, HEAD, POST")
		}
		return t, nil
	}
	bare, slash := strings.CutSuffix(name, "/")
	get := verb == "GET" || verb == "HEAD"
	if at := strings.LastIndex(bare, "/method/"); at > 0 && (get || verb == "POST") {
		if m := bare[at+len("/method/"):]; m != "" && !strings.Contains(m, "/") {
			t.run, t.name, t.method = runMethodV2, bare[:at], m
			return t, nil
		}
	}
	if of, ok := strings.CutSuffix(bare, "/copy"); ok && of != "" && hasCopy && !slash {
		switch {
		case get:
			t.run, t.name = copyV2, of
			return t, nil
		case verb == "POST":
			return t, methodNotAllowed("GET, HEAD")
		}
	}
	if run := bulkRoutes[bare]; run != "" && verb == "POST" {
		t.run, t.method = bulkV2, run
		return t, nil
	}
	t.name = bare
	switch {
	case get:
		t.run = readV2
	case verb == "PUT" || verb == "PATCH":
		t.run = updateV2
	case verb == "DELETE":
		t.run = deleteV2
	default:
		return t, wrongVerb(slash, "DELETE, GET, HEAD, PATCH, PUT")
	}
	return t, nil
}
