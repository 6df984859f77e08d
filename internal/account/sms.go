package account

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"freddo/internal/engine"
)

// smsTimeout bounds a request to the gateway.
const smsTimeout = 30 * time.Second

// gateway is what SMS Settings say: a request over HTTP, made of static parameters, the
// message and the receiver.
type gateway struct {
	url, message, receiver string
	post, json             bool
	params                 url.Values
	header                 http.Header
}

// smsGateway reads SMS Settings; nil when no gateway is set.
// Source: frappe/core/doctype/sms_settings/sms_settings.py send_via_gateway, get_headers.
func smsGateway(ctx context.Context, c *engine.Call) (*gateway, error) {
	d, err := c.Get(ctx, "SMS Settings", "SMS Settings")
	if err != nil {
		return nil, err
	}
	g := &gateway{url: strings.TrimSpace(d.Text("sms_gateway_url")), message: d.Text("message_parameter"), receiver: d.Text("receiver_parameter"),
		post: d.Int("use_post") != 0, params: url.Values{}, header: http.Header{"Accept": {"text/plain, text/html, */*"}}}
	if g.url == "" {
		return nil, nil //nolint:nilnil // no gateway is not an error: nothing is delivered
	}
	for _, row := range d.Rows("parameters") {
		if row.Int("header") != 0 {
			g.header.Set(row.Text("parameter"), row.Text("value"))
		} else {
			g.params.Set(row.Text("parameter"), row.Text("value"))
		}
	}
	g.json = g.header.Get("Content-Type") == "application/json"
	return g, nil
}

// request makes the request for one receiver.
func (g *gateway) request(ctx context.Context, receiver, text string) (*http.Request, error) {
	params := url.Values{g.message: {text}, g.receiver: {receiver}}
	for k, v := range g.params {
		if !params.Has(k) {
			params[k] = v
		}
	}
	verb, target, body, kind := http.MethodGet, g.url, []byte(nil), ""
	if g.post {
		verb = http.MethodPost
	}
	switch {
	case g.json:
		flat := map[string]string{}
		for k := range params {
			flat[k] = params.Get(k)
		}
		var err error
		if body, err = json.Marshal(flat); err != nil {
			return nil, err
		}
	case g.post:
		body, kind = []byte(params.Encode()), "application/x-www-form-urlencoded"
	default:
		u, err := url.Parse(g.url)
		if err != nil {
			return nil, fmt.Errorf("SMS gateway URL: %w", err)
		}
		q := u.Query()
		for k, v := range params {
			q[k] = v
		}
		u.RawQuery = q.Encode()
		target = u.String()
	}
	r, err := http.NewRequestWithContext(ctx, verb, target, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("SMS gateway request: %w", err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for k, v := range g.header {
		r.Header[k] = v
	}
	return r, nil
}

// smsOTP sends a one-time password to a user's telephone, after the commit, and returns
// the prompt; "" when there is no gateway or no number.
// Source: frappe/twofactor.py process_2fa_for_sms, send_token_via_sms.
func (s *Service) smsOTP(ctx context.Context, c *engine.Call, user, code string) (string, error) {
	d, err := c.Get(ctx, "User", user)
	if err != nil {
		return "", err
	}
	phone := d.Text("mobile_no")
	if phone == "" {
		phone = d.Text("phone")
	}
	g, err := smsGateway(ctx, c)
	if err != nil || g == nil || phone == "" {
		return "", err
	}
	text := "Your verification code is " + code
	if dt, err := c.DocType(ctx, "System Settings"); err == nil && dt.Column("otp_sms_template") != nil {
		v, err := c.Setting(ctx, "System Settings", "otp_sms_template")
		if err != nil {
			return "", err
		}
		if t := v.Str(); strings.Contains(t, "{{") {
			text = strings.NewReplacer("{{ otp }}", code, "{{otp}}", code).Replace(t)
		}
	}
	c.AfterCommit(func(context.Context) {
		s.unseenWork.Go(func() { s.sendSMS(g, phone, text) })
	})
	return "Enter verification code sent to " + phone[:min(4, len(phone))] + "******" + phone[max(0, len(phone)-3):], nil
}

// sendSMS delivers; what fails is logged, without the message.
func (s *Service) sendSMS(g *gateway, phone, text string) {
	ctx, cancel := context.WithTimeout(context.Background(), smsTimeout)
	defer cancel()
	log := s.auth.Engine.Log
	r, err := g.request(ctx, phone, text)
	if err != nil {
		log.ErrorContext(ctx, "SMS not sent", "error", err)
		return
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		log.ErrorContext(ctx, "SMS not sent", "error", hideQuery(err))
		return
	}
	defer func() { _ = a.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(a.Body, 1<<16))
	if a.StatusCode >= http.StatusMultipleChoices {
		log.ErrorContext(ctx, "SMS not sent", "gateway", r.URL.Host, "status", a.StatusCode)
	}
}

// hideQuery drops the address from an error of net/http: it holds the code.
func hideQuery(err error) error {
	if e, ok := err.(*url.Error); ok { //nolint:errorlint // the outermost one
		return e.Err
	}
	return err
}
