package e2e

import (
	"strings"
	"testing"

	"freddo/document"
	freddosite "freddo/internal/site"
)

// TestLimitedKeysComeByNoCredentials tries what holds or makes one with keys of every
// kind of limits, which belong to a System Manager.
func TestLimitedKeysComeByNoCredentials(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			eachDatabase(t, release, testLimitedKeys)
		})
	}
}

func testLimitedKeys(s *site) {
	s.user("boss", "System Manager")
	const boss = "boss@example.com"
	s.must("POST", "/api/method/frappe.core.doctype.user.user.generate_keys", `{"user":"`+boss+`"}`)
	c := s.must("POST", "/api/resource/OAuth%20Client", `{"app_name":"Shop","scopes":"all","redirect_uris":"https://shop.example/cb",
		"default_redirect_uri":"https://shop.example/cb","grant_type":"Authorization Code","response_type":"Code"}`).Get("data").Map()
	s.must("POST", "/api/resource/OAuth%20Bearer%20Token", `{"access_token":"live-token","client":"`+c.Str("name")+`","user":"`+boss+`","scopes":"all","expires_in":3600,"status":"Active"}`)
	secrets := []string{c.Str("client_secret"), "live-token"}
	all := `"permissions":[{"document_type":"User","read":1,"write":1,"create":1},{"document_type":"OAuth Client","read":1,"write":1,"create":1},
		{"document_type":"OAuth Bearer Token","read":1,"write":1,"create":1},{"document_type":"API Key","read":1,"write":1,"create":1}],
		"methods":"frappe.client.*\nfrappe.core.*\nAPI Key.rotate_secret\nfrappe.integrations.*\nfrappe.desk.*"`
	for kind, limits := range map[string]string{
		"read only": `"read_only":1`, "that expires": `"expires_on":"2099-01-01 00:00:00"`, "scoped": all,
		"scoped, read only": `"read_only":1,` + all,
	} {
		k, name := s.keyed(`"user":"` + boss + `",` + limits)
		for _, r := range [][3]string{
			{"POST", "/api/method/frappe.client.get_password", `{"doctype":"User","name":"` + boss + `","fieldname":"api_secret"}`},
			{"POST", "/api/method/frappe.core.doctype.user.user.generate_keys", `{"user":"` + boss + `"}`},
			{"POST", "/api/resource/API%20Key", `{"title":"wider"}`},
			{"POST", "/api/method/run_doc_method", `{"dt":"API Key","dn":"` + name + `","method":"rotate_secret"}`},
			{"PUT", "/api/resource/API%20Key/" + name, `{"read_only":0}`},
			{"GET", "/api/resource/OAuth%20Client/" + c.Str("name"), ""},
			{"GET", `/api/resource/OAuth%20Client?fields=["client_secret"]`, ""},
			{"GET", `/api/resource/OAuth%20Bearer%20Token?fields=["access_token"]`, ""},
			{"GET", "/api/method/frappe.client.get_list?doctype=OAuth+Bearer+Token", ""},
			{"GET", "/api/method/frappe.client.get_value?doctype=OAuth+Client&fieldname=client_secret&filters=" + c.Str("name"), ""},
			{"GET", `/api/method/frappe.desk.reportview.get?doctype=OAuth+Bearer+Token&fields=["name"]`, ""},
			{"POST", "/api/resource/OAuth%20Bearer%20Token", `{"access_token":"own","client":"` + c.Str("name") + `","user":"Administrator","scopes":"all"}`},
			{"POST", "/api/resource/OAuth%20Authorization%20Code", `{"authorization_code":"own","client":"` + c.Str("name") + `","user":"` + boss + `"}`},
			{"PUT", "/api/resource/User/" + boss, `{"api_key":"mine","api_secret":"mine"}`},
			{"PUT", "/api/resource/User/" + boss, `{"new_password":"Zx9-lantern-Quay"}`},
			{"PUT", "/api/resource/User/" + boss, `{"social_logins":[{"provider":"google","userid":"7"}]}`},
			{"POST", "/api/method/frappe.client.set_value", `{"doctype":"User","name":"` + boss + `","fieldname":"reset_password_key","value":"x"}`},
			{"POST", "/api/resource/User", `{"email":"new@example.com","first_name":"N","new_password":"Zx9-lantern-Quay","send_welcome_email":0}`},
			{"POST", "/api/resource/Social%20Login%20Key", `{"provider_name":"P"}`},
		} {
			code, text := k.do(r[0], strings.ReplaceAll(r[1], `"`, "%22"), r[2])
			if code != 403 {
				s.Errorf("key %s: %s %s %s: %d %s", kind, r[0], r[1], r[2], code, text)
			}
			for _, secret := range secrets {
				if strings.Contains(text, secret) {
					s.Errorf("key %s: %s %s tells a secret: %s", kind, r[0], r[1], text)
				}
			}
		}
	}
	// A key with no limits, and rights that have nothing to do with credentials, go on.
	k, _ := s.keyed(`"user":"` + boss + `"`)
	k.wants(200, "GET", "/api/resource/OAuth%20Client/"+c.Str("name"), "")
	k, _ = s.keyed(`"user":"` + boss + `",` + all)
	k.wants(200, "PUT", "/api/resource/User/"+boss, `{"last_name":"Pace"}`)
	k.wants(200, "POST", "/api/resource/User", `{"email":"new@example.com","first_name":"N","send_welcome_email":0}`)
}

// TestIdempotencyKeysBelongToTheCredential: what one was answered is not repeated for
// another, though both are the same user's.
func TestIdempotencyKeysBelongToTheCredential(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			eachDatabase(t, release, func(s *site) {
				const body = `{"title":"made by the user"}`
				first := s.send("POST", "/api/resource/API%20Key", body, "Idempotency-Key", "setup")
				again := s.send("POST", "/api/resource/API%20Key", body, "Idempotency-Key", "setup")
				if first.Code != 200 || again.Header().Get("Idempotent-Replayed") != "true" || again.Body.String() != first.Body.String() {
					s.Fatalf("the user's own: %d %s, %d %s", first.Code, first.Body, again.Code, again.Body)
				}
				scoped, _ := s.keyed(`"user":"Administrator","permissions":[{"document_type":"ToDo","read":1,"create":1}]`)
				w := scoped.send("POST", "/api/resource/API%20Key", body, "Idempotency-Key", "setup")
				if w.Code != 403 || strings.Contains(w.Body.String(), "api_secret") {
					s.Errorf("a scoped key: %d %s", w.Code, w.Body)
				}
				one := scoped.send("POST", toDo, `{"description":"x"}`, "Idempotency-Key", "todo")
				two := scoped.send("POST", toDo, `{"description":"x"}`, "Idempotency-Key", "todo")
				if one.Code != 200 || two.Header().Get("Idempotent-Replayed") != "true" {
					s.Errorf("its own: %d, %d %v", one.Code, two.Code, two.Header())
				}
				other, _ := s.keyed(`"user":"Administrator","permissions":[{"document_type":"ToDo","read":1,"create":1}]`)
				if w := other.send("POST", toDo, `{"description":"x"}`, "Idempotency-Key", "todo"); w.Header().Get("Idempotent-Replayed") != "" || w.Code != 200 {
					s.Errorf("another key: %d %v", w.Code, w.Header())
				}
				if n := document.ToText(s.must("GET", "/api/method/frappe.client.get_count?doctype=ToDo", "").Get("message")); n != "2" {
					s.Errorf("%s ToDos, want 2", n)
				}
			})
		})
	}
}

// TestStoredTokensAreHashedOnEveryDatabase: a site with tokens of upstream's turns to
// strict mode, and they go on.
func TestStoredTokensAreHashedOnEveryDatabase(t *testing.T) {
	t.Parallel()
	eachDatabaseWith(t, "v15", map[string]any{"oauth_mode": "compat"}, func(s *site) {
		c := s.must("POST", "/api/resource/OAuth%20Client", `{"app_name":"Shop","scopes":"all","redirect_uris":"https://shop.example/cb",
			"default_redirect_uri":"https://shop.example/cb"}`).Get("data").Map().Str("name")
		s.must("POST", "/api/resource/OAuth%20Bearer%20Token", `{"access_token":"PlainToken","refresh_token":"PlainRefresh","client":"`+c+`","user":"Administrator","scopes":"all","expires_in":3600,"status":"Active"}`)
		s.must("POST", "/api/resource/OAuth%20Authorization%20Code", `{"authorization_code":"PlainCode","client":"`+c+`","user":"Administrator","scopes":"all","validity":"Valid"}`)
		folder, err := freddosite.Open(s.dir)
		if err == nil {
			err = folder.Set(map[string]any{"oauth_mode": "strict"})
		}
		if err != nil {
			s.Fatal(err)
		}
		s.app.ReloadConfig()
		if err := s.app.CleanUp(s.Context()); err != nil {
			s.Fatal(err)
		}
		for _, dt := range []string{"OAuth%20Bearer%20Token", "OAuth%20Authorization%20Code"} {
			if _, text := s.do("GET", "/api/resource/"+dt+"?fields=[%22*%22]", ""); strings.Contains(text, "Plain") || !strings.Contains(text, "sha256-") {
				s.Errorf("stored: %s", text)
			}
		}
		for token, want := range map[string]int{"PlainToken": 200, "plaintoken": 401} {
			(&site{T: s.T, app: s.app, auth: "Bearer " + token}).wants(want, "GET", "/api/method/frappe.auth.get_logged_user", "")
		}
	})
}
