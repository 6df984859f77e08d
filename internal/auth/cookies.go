package auth

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"freddo/internal/engine"
	"freddo/internal/perm"
)

// guestCookies are the cookies of a Guest for one second.
type guestCookies struct {
	unix     int64
	secure   bool
	lifetime time.Duration
	lang     string
	lines    []string
}

// Cookies returns the Set-Cookie lines of an answer: those of its session in
// upstream's order, which clients rely on, then those that expire them. The caller
// must not change the slice. Source: frappe/auth.py CookieManager.
func (s *Store) Cookies(c *engine.Call) []string {
	session := c.Session
	if c.Response.KeepCookies && c.Response.NewSession == nil && !c.Response.ClearCookies {
		return nil
	}
	if c.Response.NewSession != nil {
		session = c.Response.NewSession
	}
	if session.SID == perm.Guest && !c.Response.ClearCookies && len(c.Request.Header["Cookie"]) == 0 {
		return s.guestLines(session, c.Request.Scheme == "https")
	}
	lines := s.sessionLines(make([]string, 0, 12), session, c.Request)
	if c.Response.ClearCookies {
		lines = s.expireLines(lines)
	}
	return lines
}

func (s *Store) guestLines(session *engine.Session, secure bool) []string {
	now := s.Engine.Now().Unix()
	if g := s.guests.Load(); g != nil && g.unix == now && g.secure == secure && g.lifetime == session.Lifetime && g.lang == session.Language {
		return g.lines
	}
	r := &engine.Request{}
	if secure {
		r.Scheme = "https"
	}
	g := &guestCookies{unix: now, secure: secure, lifetime: session.Lifetime, lang: session.Language, lines: s.sessionLines(nil, session, r)}
	g.lines = g.lines[:len(g.lines):len(g.lines)]
	s.guests.Store(g)
	return g.lines
}

func (s *Store) sessionLines(lines []string, session *engine.Session, r *engine.Request) []string {
	end := "; Path=/; SameSite=Lax"
	secure := ""
	if r.Scheme == "https" {
		secure = "; Secure"
	}
	life := int64(session.Lifetime / time.Second)
	lines = append(lines, "sid="+quoteCookie(session.SID)+"; Expires="+s.Engine.Now().UTC().Add(session.Lifetime).Format(http.TimeFormat)+
		"; Max-Age="+strconv.FormatInt(life, 10)+secure+"; HttpOnly"+end)
	add := func(name, value string) {
		value = quoteCookie(value)
		if s.Engine.Profile.SkipEqualCookies {
			if have, _ := cookie(r.Header, name); have == value {
				return // an absent cookie equals an empty value
			}
		}
		lines = append(lines, name+"="+value+secure+end)
	}
	system := "yes"
	if session.SID == perm.Guest || session.UserType == "Website User" {
		system = "no"
	}
	add("system_user", system)
	add("full_name", session.FullName)
	add("user_id", session.User)
	add("user_image", session.UserImage)
	if s.Engine.Profile.UserLangCookie {
		add("user_lang", session.Language)
	}
	return lines
}

func (s *Store) expireLines(lines []string) []string {
	names := []string{"sid", "full_name", "user_id", "user_image", "system_user"}
	if s.Engine.Profile.UserLangCookie {
		names = append(names, "user_lang")
	}
	at := s.Engine.Now().UTC().Add(-24 * time.Hour).Format(http.TimeFormat)
	for _, n := range names {
		lines = append(lines, n+"=; Expires="+at+"; Path=/")
	}
	return lines
}

// quoteCookie percent-encodes a value as Python's urllib.parse.quote does.
func quoteCookie(s string) string {
	plain := true
	for i := 0; i < len(s); i++ {
		if !cookieSafe(s[i]) {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; cookieSafe(c) {
			b.WriteByte(c)
		} else {
			const hex = "0123456789ABCDEF"
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

func cookieSafe(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_.-~/", c) >= 0
}
