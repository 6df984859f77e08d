package account_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"freddo/internal/sitetest"
)

// TestTwoFactorBySMS logs in with a code that came to a gateway, by each kind of request.
func TestTwoFactorBySMS(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct {
		post  int
		extra []map[string]any
	}{
		"GET":  {0, nil},
		"POST": {1, nil},
		"JSON": {1, []map[string]any{{"parameter": "Content-Type", "value": "application/json", "header": 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 5)
			gateway := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				query, _ := url.QueryUnescape(r.URL.RawQuery + string(body))
				got <- r.Method + " " + r.Header.Get("X-Key") + " " + query
			}))
			t.Cleanup(gateway.Close)
			s := sitetest.New(t, "v15", nil)
			s.User("olga@example.com", map[string]any{"mobile_no": "+31201234567"}, "Report Manager")
			s.JSON(s.Admin, "PUT", "/api/resource/Role/Report Manager", map[string]any{"two_factor_auth": 1})
			set(s, "SMS Settings", map[string]any{"sms_gateway_url": gateway.URL + "/send", "message_parameter": "msg", "receiver_parameter": "to", "use_post": k.post,
				"parameters": append(k.extra, map[string]any{"parameter": "from", "value": "Freddo"}, map[string]any{"parameter": "X-Key", "value": "gate", "header": 1})})
			set(s, "System Settings", map[string]any{"enable_two_factor_auth": 1, "two_factor_method": "SMS"})
			first := s.TryLogin("olga@example.com", sitetest.Password)
			v, _ := first.Body["verification"].(map[string]any)
			if v["prompt"] != "Enter verification code sent to +312******567" || v["token_delivery"] != true || v["method"] != "SMS" {
				t.Fatalf("first step: %d %s", first.Code, first.ResponseRecorder.Body)
			}
			var sms string
			select {
			case sms = <-got:
			case <-time.After(10 * time.Second):
				t.Fatal("the gateway was not asked")
			}
			code := regexp.MustCompile(`code is (\d{6})`).FindStringSubmatch(sms)
			if code == nil || !strings.Contains(sms, "31201234567") || !strings.Contains(sms, "Freddo") || !strings.Contains(sms, " gate ") {
				t.Fatalf("the gateway got %s", sms)
			}
			a := s.Post(nil, "/login", url.Values{"tmp_id": {first.Text("tmp_id")}, "otp": {code[1]}})
			if a.Code != http.StatusSeeOther || s.Get(a.Cookies(), whoami).Text("message") != "olga@example.com" {
				t.Errorf("the code: %d %s", a.Code, a.ResponseRecorder.Body)
			}
		})
	}
}
