// Package mail owns outgoing e-mail: which account sends (the default outgoing Email
// Account, else the site's configuration) and the delivery over SMTP, after the commit
// and outside the request. Start with Mailer.Send.
package mail

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"freddo/document"
	"freddo/exc"
	"freddo/internal/engine"
)

// Bounds of delivery.
const (
	queueLength = 256
	sendTimeout = 30 * time.Second
	workers     = 2
)

// Message is one mail to one person. HTML is made from Text when it is empty.
type Message struct{ To, Subject, Text, HTML string }

// Mailer sends mail for one site. It is safe for concurrent use; Close waits for what
// is under way.
type Mailer struct {
	log   *slog.Logger
	queue chan job
	start sync.Once
	done  sync.WaitGroup
	mu    sync.RWMutex
	over  bool
}

type job struct {
	from Account
	msg  Message
}

// Account is where mail goes out.
type Account struct {
	Server, Login, Password, From, Name string
	Port                                int
	SSL, TLS, NoAuth                    bool
	// Muted swallows mail: the site's mute_emails.
	Muted bool
}

// New returns a mailer.
func New(log *slog.Logger) *Mailer {
	if log == nil {
		log = slog.Default()
	}
	return &Mailer{log: log, queue: make(chan job, queueLength)}
}

// Send queues a mail for after the call's commit. Errors: OutgoingEmailError when
// nothing is set up to send. What fails later is logged.
func (m *Mailer) Send(ctx context.Context, c *engine.Call, msg Message) error {
	from, err := m.Account(ctx, c)
	if err != nil {
		return err
	}
	c.AfterCommit(func(ctx context.Context) { m.put(ctx, job{from, msg}) })
	return nil
}

func (m *Mailer) put(ctx context.Context, j job) {
	if j.from.Muted {
		m.log.InfoContext(ctx, "mail muted", "to", j.msg.To, "subject", j.msg.Subject)
		return
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.over {
		return
	}
	m.start.Do(func() {
		for range workers {
			m.done.Go(func() {
				for j := range m.queue {
					m.deliver(j)
				}
			})
		}
	})
	select {
	case m.queue <- j:
	default:
		m.log.ErrorContext(ctx, "mail dropped: too many wait", "to", j.msg.To, "subject", j.msg.Subject)
	}
}

// Close sends what waits and stops.
func (m *Mailer) Close() {
	m.mu.Lock()
	if !m.over {
		m.over = true
		close(m.queue)
	}
	m.mu.Unlock()
	m.done.Wait()
}

// Account returns who sends. Errors: OutgoingEmailError.
// Source: frappe/email/doctype/email_account/email_account.py find_default_outgoing.
func (m *Mailer) Account(ctx context.Context, c *engine.Call) (Account, error) {
	conf := c.Site.Config()
	muted := conf.Bool("mute_emails") || conf.Bool("disable_emails")
	rows, err := c.Rows(ctx, "Email Account", []string{"name"}, document.NewObject("enable_outgoing", 1, "default_outgoing", 1), "creation asc")
	if err != nil {
		return Account{}, err
	}
	if len(rows) > 0 {
		a, err := stored(ctx, c, rows[0].PropText("name"))
		a.Muted = muted
		return a, err
	}
	if server := conf.Str("mail_server"); server != "" {
		a := Account{Server: server, Port: int(conf.Int("mail_port")), Login: conf.Str("mail_login"), Password: conf.Str("mail_password"),
			TLS: conf.Bool("use_tls"), SSL: conf.Bool("use_ssl"), From: conf.Str("auto_email_id"), Name: conf.Str("email_sender_name"), Muted: muted}
		if a.From == "" {
			a.From = a.Login
		}
		if a.From == "" {
			a.From = "notifications@example.com"
		}
		a.NoAuth = a.Login == ""
		return a, nil
	}
	if muted {
		return Account{Muted: true}, nil
	}
	m.log.WarnContext(ctx, "no mail sent: no default outgoing Email Account and no mail_server in the site's configuration")
	return Account{}, exc.OutgoingEmail.Throw(c.Profile.NoOutgoingEmail)
}

// stored reads an Email Account; its domain's server counts where it names none.
func stored(ctx context.Context, c *engine.Call, name string) (Account, error) {
	d, err := c.Get(ctx, "Email Account", name)
	if err != nil {
		return Account{}, err
	}
	a := Account{Server: d.Text("smtp_server"), From: d.Text("email_id"), Login: d.Text("email_id"), Name: d.Name(),
		SSL: d.Int("use_ssl_for_outgoing") != 0, TLS: d.Int("use_tls") != 0, NoAuth: d.Int("no_smtp_authentication") != 0}
	a.Port, _ = strconv.Atoi(strings.TrimSpace(d.Text("smtp_port")))
	if d.Int("login_id_is_different") != 0 && d.Text("login_id") != "" {
		a.Login = d.Text("login_id")
	}
	if domain := d.Text("domain"); domain != "" && a.Server == "" {
		dd, err := c.Get(ctx, "Email Domain", domain)
		if err != nil {
			return a, err
		}
		a.Server, a.SSL, a.TLS = dd.Text("smtp_server"), dd.Int("use_ssl_for_outgoing") != 0, dd.Int("use_tls") != 0
		a.Port, _ = strconv.Atoi(strings.TrimSpace(dd.Text("smtp_port")))
	}
	if a.Password, _, err = c.GetPassword(ctx, "Email Account", name, "password"); err != nil {
		return a, err
	}
	return a, nil
}

func (m *Mailer) deliver(j job) {
	ctx, cancel := context.WithTimeout(context.Background(), sendTimeout)
	defer cancel()
	if err := send(ctx, j.from, j.msg); err != nil {
		m.log.ErrorContext(ctx, "mail not sent", "to", j.msg.To, "subject", j.msg.Subject, "server", j.from.Server, "error", err)
	}
}

func send(ctx context.Context, a Account, msg Message) error {
	g := gomail.NewMsg()
	if err := g.FromFormat(a.Name, a.From); err != nil {
		return fmt.Errorf("sender %q: %w", a.From, err)
	}
	if err := g.To(msg.To); err != nil {
		return fmt.Errorf("recipient: %w", err)
	}
	g.Subject(oneLine(msg.Subject))
	g.SetDate()
	g.SetMessageID()
	g.SetBodyString(gomail.TypeTextPlain, msg.Text)
	if msg.HTML != "" {
		g.AddAlternativeString(gomail.TypeTextHTML, msg.HTML)
	}
	client, err := gomail.NewClient(a.Server, options(a)...)
	if err != nil {
		return err
	}
	return client.DialAndSendWithContext(ctx, g)
}

func options(a Account) []gomail.Option {
	o := []gomail.Option{gomail.WithTimeout(sendTimeout), gomail.WithTLSConfig(&tls.Config{ServerName: host(a.Server), MinVersion: tls.VersionTLS12})}
	port := a.Port
	switch {
	case a.SSL:
		o = append(o, gomail.WithSSL())
		if port == 0 {
			port = 465
		}
	case a.TLS:
		o = append(o, gomail.WithTLSPolicy(gomail.TLSMandatory))
		if port == 0 {
			port = 587
		}
	default:
		o = append(o, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
		if port == 0 {
			port = 25
		}
	}
	o = append(o, gomail.WithPort(port))
	if !a.NoAuth && a.Password != "" {
		o = append(o, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(a.Login), gomail.WithPassword(a.Password))
	}
	return o
}

func host(server string) string {
	if h, _, err := net.SplitHostPort(server); err == nil {
		return h
	}
	return server
}

func oneLine(s string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(s) }
