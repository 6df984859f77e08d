package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// shop is the running shop, as a client sees it.
type shop struct {
	*testing.T
	url, auth string
}

func start(t *testing.T, release string) *shop {
	t.Helper()
	ctx := context.Background()
	app, err := open(ctx, filepath.Join(t.TempDir(), "site"), release, "admin")
	if err != nil {
		t.Fatal(err)
	}
	key, secret, err := app.GenerateKeys(ctx, "Administrator")
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(app.Handler())
	t.Cleanup(func() {
		srv.Close()
		_ = app.Close()
	})
	return &shop{T: t, url: srv.URL, auth: "token " + key + ":" + secret}
}

// call sends a request; a body that begins with { is JSON, another one a form.
func (s *shop) call(verb, path, body string) (int, string) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), verb, s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	if s.auth != "" {
		r.Header.Set("Authorization", s.auth)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strings.HasPrefix(body, "{") {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func (s *shop) want(verb, path, body string, status int, parts ...string) {
	s.Helper()
	code, text := s.call(verb, path, body)
	if code != status {
		s.Errorf("%s %s: %d, want %d: %s", verb, path, code, status, text)
	}
	for _, p := range parts {
		if !strings.Contains(text, p) {
			s.Errorf("%s %s: %s lacks %s", verb, path, text, p)
		}
	}
}

func TestTheShopAnswersItsClients(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			s := start(t, release)
			s.want("POST", "/api/resource/Shop%20Customer", `{"customer_code":"C1","customer_name":"Ada","credit_limit":100}`, 200)
			const pay, balance = "/api/method/shop.api.create_payment", "/api/method/shop.api.get_balance?customer=C1"
			s.want("POST", pay, `{"customer":"C1","amount":30}`, 200, `"docstatus":1`, `"name":"PAY-00001"`)
			s.want("POST", pay, "customer=C1&amount=12.5&submit=0", 200, `"docstatus":0`, `"amount":12.5`)
			s.want("GET", balance, "", 200, `{"message":{"customer":"C1","paid":30.0,"payments":1,"left":70.0}}`)

			s.want("GET", pay+"?customer=C1&amount=1", "", 403)
			s.want("POST", pay, `{"customer":"C1"}`, 500, "create_payment() missing 1 required positional argument: 'amount'")
			s.want("POST", pay, `{"customer":"C1","amount":"much"}`, 417, "FrappeTypeError")
			s.want("POST", pay, `{"customer":"C1","amount":-1}`, 417, "Amount must be positive")
			s.want("POST", pay, `{"customer":"nobody","amount":1}`, 417, "LinkValidationError")
			s.want("GET", balance+"x", "", 404)
			s.want("GET", balance, "", 200, `"payments":1`)

			s.want("POST", "/api/method/run_doc_method", `{"dt":"Shop Payment","dn":"PAY-00001","method":"get_receipt","args":{"copies":2}}`, 200,
				`"message":{"title":"Receipt PAY-00001","amount":30.0,"copies":2}`)
			if release != "v14" {
				s.want("GET", "/api/v2/document/Shop%20Payment/PAY-00001/method/get_receipt", "", 200, `"copies":1`)
				s.want("GET", "/api/v2/document/Shop%20Payment/PAY-00002/method/get_receipt", "", 417, "Only submitted payments")
				s.want("GET", "/api/v2/method/shop.api.get_balance?customer=C1", "", 200, `"data":{"customer":"C1"`)
			}
			guest := &shop{T: t, url: s.url}
			guest.want("GET", "/api/method/shop.api.public_status", "", 200, `{"message":{"open":true,"release":"`+release+`"}}`)
			guest.want("GET", balance, "", 403, "not whitelisted")
		})
	}
}
