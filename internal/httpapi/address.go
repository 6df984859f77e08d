package httpapi

import (
	"net/http"
	"net/netip"
	"strings"
)

// trustedProxies are the proxies whose word on a client's address counts: the addresses
// and ranges in trusted_proxies of the site's configuration, where an empty list trusts
// none, else this machine. What is no address in that list is left out.
func (s *Server) trustedProxies() func(netip.Addr) bool {
	conf := s.Engine.Site.Config()
	if !conf.Has("trusted_proxies") {
		return netip.Addr.IsLoopback
	}
	var ranges []netip.Prefix
	for _, text := range conf.Strings("trusted_proxies") {
		if p, err := netip.ParsePrefix(strings.TrimSpace(text)); err == nil {
			ranges = append(ranges, p)
		} else if a, ok := address(text); ok {
			ranges = append(ranges, netip.PrefixFrom(a, a.BitLen()))
		} else {
			s.log().Error("trusted_proxies holds what is neither an address nor a range", "text", text)
		}
	}
	return func(a netip.Addr) bool {
		for _, p := range ranges {
			if p.Contains(a) {
				return true
			}
		}
		return false
	}
}

// address reads an address as proxies write it: alone, with a port, or in brackets.
func address(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return a.Unmap().WithZone(""), err == nil
}

// peer is who the connection comes from; this machine where that has no address, as on
// a socket of the file system.
func peer(r *http.Request) netip.Addr {
	if a, ok := address(r.RemoteAddr); ok {
		return a
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// client is the client's address, and whether a trusted proxy has passed the request on:
// the connection's, or the last entry of X-Forwarded-For that no trusted proxy has
// written about another one. What stands before that, or before text that is no address,
// is the client's own word. It is the only rule: lockout, limits of methods, restrict_ip,
// the addresses of API keys and the logs all go by it. Source: frappe/auth.py
// HTTPRequest.set_request_ip, which believes the first entry, whoever sent it.
func (s *Server) client(r *http.Request) (ip string, proxied bool) {
	at := peer(r)
	lines := r.Header["X-Forwarded-For"]
	if len(lines) == 0 && r.Header["X-Forwarded-Proto"] == nil {
		return at.String(), false
	}
	trusted := s.trustedProxies()
	if !trusted(at) {
		if at.IsPrivate() || at.IsLoopback() || at.IsLinkLocalUnicast() {
			s.untrusted.Do(func() {
				s.log().Warn("X-Forwarded-For of a proxy is ignored that trusted_proxies of the site's configuration does not name", "proxy", at.String())
			})
		}
		return at.String(), false
	}
	entries := strings.Split(strings.Join(lines, ","), ",")
	for i := len(entries) - 1; i >= 0 && trusted(at); i-- {
		next, ok := address(entries[i])
		if !ok {
			break
		}
		at = next
	}
	return at.String(), true
}
