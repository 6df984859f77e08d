package account_test

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"freddo/internal/sitetest"
)

func TestMain(m *testing.M) { sitetest.Main(m) }

const users = "/api/method/frappe.core.doctype.user.user."

// postbox is an SMTP server that keeps what it is sent.
type postbox struct {
	t     *testing.T
	mails chan string
	port  int
}

func newPostbox(t *testing.T) *postbox {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &postbox{t: t, mails: make(chan string, 20), port: l.Addr().(*net.TCPAddr).Port}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	return p
}

func (p *postbox) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewScanner(conn)
	say := func(s string) { _, _ = fmt.Fprint(conn, s+"\r\n") }
	say("220 test")
	for in.Scan() {
		switch verb, _, _ := strings.Cut(strings.ToUpper(in.Text()), " "); verb {
		case "DATA":
			say("354 go on")
			var b strings.Builder
			for in.Scan() && in.Text() != "." {
				b.WriteString(in.Text() + "\r\n")
			}
			p.mails <- b.String()
			say("250 ok")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

// next returns the text of the next mail, decoded.
func (p *postbox) next() string {
	p.t.Helper()
	select {
	case m := <-p.mails:
		var b strings.Builder
		r := bufio.NewReader(quotedprintable.NewReader(strings.NewReader(m)))
		_, _ = r.WriteTo(&b)
		return b.String()
	case <-time.After(10 * time.Second):
		p.t.Fatal("no mail came")
		return ""
	}
}

func (p *postbox) config() map[string]any {
	return map[string]any{"mail_server": "127.0.0.1", "mail_port": p.port, "auto_email_id": "site@example.com", "host_name": "https://erp.example.com"}
}

func keyOf(t *testing.T, mail string) string {
	t.Helper()
	m := regexp.MustCompile(`https://erp\.example\.com/\S*[?&]key=([0-9a-f]+)`).FindStringSubmatch(mail)
	if m == nil {
		t.Fatalf("no link of the configured host in the mail:\n%s", mail)
	}
	return m[1]
}

func TestPasswordResetByMail(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"v14", "v15", "v16"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			box := newPostbox(t)
			s := sitetest.New(t, release, box.config())
			s.User("olga@example.com", nil, "Report Manager")
			old := s.Login("olga@example.com", sitetest.Password)
			a := s.Post(nil, users+"reset_password", url.Values{"user": {"olga@example.com"}}, "Host", "evil.example")
			if a.Code != 200 || !strings.Contains(a.ResponseRecorder.Body.String(), "Password reset instructions have been sent to your email") {
				t.Fatalf("reset: %d %s", a.Code, a.ResponseRecorder.Body)
			}
			key := keyOf(t, box.next())
			set := func(key, pwd string) sitetest.Answer {
				return s.Post(nil, users+"update_password", url.Values{"key": {key}, "new_password": {pwd}})
			}
			if a := set(key, "password"); a.Code != 417 {
				t.Errorf("a weak password: %d", a.Code)
			}
			if a := set(key+"x", "Orchid&77-tramway"); a.Code != 410 {
				t.Errorf("a wrong key: %d", a.Code)
			}
			got := set(key, "Orchid&77-tramway")
			if got.Code != 200 || s.Get(got.Cookies(), "/api/method/frappe.auth.get_logged_user").Text("message") != "olga@example.com" {
				t.Errorf("the key did not log in: %d %s", got.Code, got.ResponseRecorder.Body)
			}
			if a := s.Get(old, "/api/method/frappe.auth.get_logged_user"); a.Code != 403 {
				t.Errorf("the old session lives on: %d", a.Code)
			}
			if a := set(key, "Orchid&78-tramway"); a.Code != 410 {
				t.Errorf("the key works twice: %d", a.Code)
			}
			if s.TryLogin("olga@example.com", sitetest.Password).Code != 401 || s.TryLogin("olga@example.com", "Orchid&77-tramway").Code != 200 {
				t.Error("the new password does not count")
			}
		})
	}
}

func TestResetLinksGrowOld(t *testing.T) {
	t.Parallel()
	box := newPostbox(t)
	s := sitetest.New(t, "v15", box.config())
	s.User("olga@example.com", nil)
	s.Post(nil, users+"reset_password", url.Values{"user": {"olga@example.com"}})
	key := keyOf(t, box.next())
	s.Wait(21 * time.Minute)
	a := s.Post(nil, users+"update_password", url.Values{"key": {key}, "new_password": {"Orchid&77-tramway"}})
	if a.Code != 410 || a.Text("message") != "The reset password link has been expired" {
		t.Errorf("got %d %s", a.Code, a.ResponseRecorder.Body)
	}
}

func TestMailsDoNotBelieveTheHostHeader(t *testing.T) {
	t.Parallel()
	box := newPostbox(t)
	conf := box.config()
	delete(conf, "host_name")
	s := sitetest.New(t, "v15", conf)
	s.User("olga@example.com", nil)
	r := httptest.NewRequest(http.MethodPost, users+"reset_password", strings.NewReader("user=olga@example.com"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-Host", "evil.example")
	r.Host = "evil.example"
	s.Do(nil, r)
	if mail := box.next(); strings.Contains(mail, "evil") || !strings.Contains(mail, "/update-password?key=") {
		t.Errorf("the mail leads to the forged host:\n%s", mail)
	}
	r = httptest.NewRequest(http.MethodPost, users+"reset_password", strings.NewReader("user=olga@example.com"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-Proto", "https")
	r.RemoteAddr = "127.0.0.1:1" // a proxy on this machine
	s.Do(nil, r)
	if mail := box.next(); !strings.Contains(mail, "https://site/update-password?key=") {
		t.Errorf("the mail of a site that is reached by https:\n%s", mail)
	}
}

func TestUnknownUsersCanBeHidden(t *testing.T) {
	t.Parallel()
	box := newPostbox(t)
	conf := box.config()
	conf["hide_unknown_users"] = true
	s := sitetest.New(t, "v15", conf)
	s.User("olga@example.com", nil)
	known := s.Post(nil, users+"reset_password", url.Values{"user": {"olga@example.com"}})
	unknown := s.Post(nil, users+"reset_password", url.Values{"user": {"nobody@example.com"}})
	if known.Code != unknown.Code || known.ResponseRecorder.Body.String() != unknown.ResponseRecorder.Body.String() {
		t.Errorf("known: %d %s, unknown: %d %s", known.Code, known.ResponseRecorder.Body, unknown.Code, unknown.ResponseRecorder.Body)
	}
}

func TestSignUpWelcomesByMail(t *testing.T) {
	t.Parallel()
	box := newPostbox(t)
	s := sitetest.New(t, "v15", box.config())
	s.JSON(s.Admin, "PUT", "/api/resource/Website Settings/Website Settings", map[string]any{"disable_signup": 0})
	a := s.Post(nil, users+"sign_up", url.Values{"email": {"new@example.com"}, "full_name": {"<b>New</b>"}, "redirect_to": {"//evil.example"}})
	if a.Code != 200 || fmt.Sprint(a.Body["message"]) != "[1 Please check your email for verification]" {
		t.Fatalf("sign up: %d %s", a.Code, a.ResponseRecorder.Body)
	}
	key := keyOf(t, box.next())
	got := s.Post(nil, users+"update_password", url.Values{"key": {key}, "new_password": {"Orchid&77-tramway"}})
	if got.Code != 200 || strings.Contains(got.ResponseRecorder.Body.String(), "evil") {
		t.Errorf("set the password: %d %s", got.Code, got.ResponseRecorder.Body)
	}
}

func TestLoginLinksWorkOnce(t *testing.T) {
	t.Parallel()
	box := newPostbox(t)
	s := sitetest.New(t, "v15", box.config())
	s.User("olga@example.com", nil, "Report Manager")
	if a := s.Post(nil, "/api/method/frappe.www.login.send_login_link", url.Values{"email": {"olga@example.com"}}); a.Code != 200 {
		t.Fatalf("send: %d %s", a.Code, a.ResponseRecorder.Body)
	}
	link := "/api/method/frappe.www.login.login_via_key?key=" + keyOf(t, box.next())
	a := s.Get(nil, link)
	if a.Code != 302 || s.Get(a.Cookies(), "/api/method/frappe.auth.get_logged_user").Text("message") != "olga@example.com" {
		t.Errorf("follow: %d %s", a.Code, a.ResponseRecorder.Body)
	}
	if a := s.Get(nil, link); a.Code != 403 {
		t.Errorf("follow again: %d", a.Code)
	}
}

func TestDenyMultipleSessions(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, "v15", nil)
	s.User("olga@example.com", map[string]any{"simultaneous_sessions": 1}, "Report Manager")
	first := s.Login("olga@example.com", sitetest.Password)
	s.Wait(time.Second)
	second := s.Login("olga@example.com", sitetest.Password)
	alive := func(c []*http.Cookie) bool { return s.Get(c, "/api/method/frappe.auth.get_logged_user").Code == 200 }
	if !alive(first) || !alive(second) {
		t.Fatal("sessions end although many are allowed")
	}
	s.JSON(s.Admin, "PUT", "/api/resource/System Settings/System Settings", map[string]any{"deny_multiple_sessions": 1})
	if !alive(second) || alive(first) {
		t.Error("the surplus session did not end when multiple sessions were denied")
	}
	s.Wait(time.Second)
	if third := s.Login("olga@example.com", sitetest.Password); !alive(third) || alive(second) {
		t.Error("a login did not end the session before")
	}
}

func TestWrongOldPasswordsLockTheUser(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, "v15", nil)
	s.User("olga@example.com", nil)
	c := s.Login("olga@example.com", sitetest.Password)
	s.JSON(s.Admin, "PUT", "/api/resource/System Settings/System Settings", map[string]any{"allow_consecutive_login_attempts": 2, "allow_login_after_fail": 60})
	try := func(pwd string) int {
		return s.Post(c, users+"verify_password", url.Values{"password": {pwd}}).Code
	}
	if got := []int{try("a"), try("b"), try("c"), try(sitetest.Password)}; fmt.Sprint(got) != "[401 401 401 500]" {
		t.Errorf("got %v", got)
	}
	s.Wait(61 * time.Second)
	if got := try(sitetest.Password); got != 200 {
		t.Errorf("after the lock: %d", got)
	}
}

// totp is RFC 6238 with the usual parameters.
func totp(secret string, at time.Time) string {
	key, _ := base32.StdEncoding.DecodeString(secret)
	var msg [8]byte
	binary.BigEndian.PutUint64(msg[:], uint64(at.Unix())/30)
	h := hmac.New(sha1.New, key)
	h.Write(msg[:])
	sum := h.Sum(nil)
	i := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[i:])&0x7fffffff)%1_000_000)
}

func TestTwoFactorWithAnApp(t *testing.T) {
	t.Parallel()
	box := newPostbox(t)
	s := sitetest.New(t, "v15", box.config())
	s.User("olga@example.com", nil, "Report Manager")
	s.JSON(s.Admin, "PUT", "/api/resource/Role/Report Manager", map[string]any{"two_factor_auth": 1})
	s.JSON(s.Admin, "PUT", "/api/resource/System Settings/System Settings", map[string]any{"enable_two_factor_auth": 1, "two_factor_method": "OTP App", "otp_issuer_name": "Freddo"})
	first := s.TryLogin("olga@example.com", sitetest.Password)
	id := first.Text("tmp_id")
	if first.Code != 200 || len(id) != 8 || len(first.Cookies()) > 0 && first.Cookies()[0].Value != "Guest" {
		t.Fatalf("first step: %d %s", first.Code, first.ResponseRecorder.Body)
	}
	m := regexp.MustCompile(`secret=([A-Z2-7]+)`).FindStringSubmatch(box.next())
	if m == nil {
		t.Fatal("the mail holds no secret")
	}
	code := func(otp string) sitetest.Answer {
		return s.Post(nil, "/api/method/login", url.Values{"tmp_id": {id}, "otp": {otp}})
	}
	if a := code("000000"); a.Code != 401 || a.Text("message") != "Incorrect Verification code" {
		t.Errorf("a wrong code: %d %s", a.Code, a.ResponseRecorder.Body)
	}
	good := totp(m[1], s.Now())
	if a := code(good); a.Code != 200 || a.Text("full_name") == "" {
		t.Fatalf("the code: %d %s", a.Code, a.ResponseRecorder.Body)
	}
	if a := code(good); a.Code == 200 {
		t.Error("the code works twice")
	}
	again := s.TryLogin("olga@example.com", sitetest.Password)
	if id = again.Text("tmp_id"); code(good).Code != 401 {
		t.Error("the code works in another login")
	}
	if v, _ := again.Body["verification"].(map[string]any); v["method"] != "OTP App" || v["setup"] != true {
		t.Errorf("second login: %s", again.ResponseRecorder.Body)
	}
}

func TestARightPasswordDoesNotForgiveWrongCodes(t *testing.T) {
	t.Parallel()
	box := newPostbox(t)
	s := sitetest.New(t, "v15", box.config())
	s.User("olga@example.com", nil, "Report Manager")
	s.JSON(s.Admin, "PUT", "/api/resource/Role/Report Manager", map[string]any{"two_factor_auth": 1})
	s.JSON(s.Admin, "PUT", "/api/resource/System Settings/System Settings", map[string]any{"enable_two_factor_auth": 1, "two_factor_method": "Email",
		"allow_consecutive_login_attempts": 2, "allow_login_after_fail": 60})
	var got []int
	for range 4 {
		step := s.TryLogin("olga@example.com", sitetest.Password)
		if step.Code != 200 {
			got = append(got, step.Code)
			continue
		}
		got = append(got, s.Post(nil, "/api/method/login", url.Values{"tmp_id": {step.Text("tmp_id")}, "otp": {"000000"}}).Code)
	}
	if fmt.Sprint(got) != "[401 401 401 500]" {
		t.Errorf("got %v", got)
	}
}

func TestImpersonationIsAdministrators(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, "v15", nil)
	s.User("olga@example.com", nil, "System Manager")
	s.User("max@example.com", nil, "Report Manager")
	form := url.Values{"user": {"max@example.com"}, "reason": {"to see"}}
	if a := s.Post(s.Login("olga@example.com", sitetest.Password), users+"impersonate", form); a.Code != 403 {
		t.Errorf("a System Manager: %d", a.Code)
	}
	a := s.Post(s.Admin, users+"impersonate", form)
	if a.Code != 200 || s.Get(a.Cookies(), "/api/method/frappe.auth.get_logged_user").Text("message") != "max@example.com" {
		t.Errorf("Administrator: %d %s", a.Code, a.ResponseRecorder.Body)
	}
}
