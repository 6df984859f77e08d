package netdb

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Address says where a database is and who asks.
type Address struct {
	Type           string // mariadb or postgres
	Host           string
	Port           int
	Name           string
	User, Password string
}

// defaultPorts are the servers' own.
var defaultPorts = map[string]int{"mariadb": 3306, "postgres": 5432}

// ParseURL reads mariadb://user:password@host:port/name or postgres://…; the user is
// the database's name when left out, as upstream has it.
func ParseURL(text string) (Address, error) {
	u, err := url.Parse(text)
	if err != nil {
		return Address{}, fmt.Errorf("database URL: want mariadb://user:password@host:port/name or postgres://…")
	}
	a := Address{Type: u.Scheme, Host: u.Hostname(), Name: strings.Trim(u.Path, "/")}
	switch u.Scheme {
	case "mysql":
		a.Type = "mariadb"
	case "postgresql":
		a.Type = "postgres"
	}
	if defaultPorts[a.Type] == 0 {
		return Address{}, fmt.Errorf("database URL: scheme %q: want mariadb or postgres", u.Scheme)
	}
	if p := u.Port(); p != "" {
		if a.Port, err = strconv.Atoi(p); err != nil {
			return Address{}, fmt.Errorf("database URL: port %q", p)
		}
	}
	a.User = u.User.Username()
	a.Password, _ = u.User.Password()
	return a.filled(), nil
}

// URL is the address as ParseURL reads it.
func (a Address) URL() string {
	u := url.URL{Scheme: a.Type, User: url.UserPassword(a.User, a.Password), Host: net.JoinHostPort(a.Host, strconv.Itoa(a.Port)), Path: "/" + a.Name}
	return u.String()
}

// filled completes an address by upstream's defaults.
func (a Address) filled() Address {
	if a.Host == "" {
		a.Host = "127.0.0.1"
	}
	if a.Port == 0 {
		a.Port = defaultPorts[a.Type]
	}
	if a.User == "" {
		a.User = a.Name
	}
	return a
}

// Config is what an address can be read from: a site's configuration.
type Config interface {
	Str(key string) string
	Int(key string) int64
}

// FromConfig reads upstream's keys of site_config.json: db_type, db_host, db_port,
// db_name, db_user, db_password. Source: frappe/database/__init__.py get_db.
func FromConfig(c Config) Address {
	a := Address{Type: c.Str("db_type"), Host: c.Str("db_host"), Port: int(c.Int("db_port")), Name: c.Str("db_name"), User: c.Str("db_user"),
		Password: c.Str("db_password")}
	if a.Port == 0 {
		a.Port, _ = strconv.Atoi(c.Str("db_port"))
	}
	return a.filled()
}

// Values are the keys of site_config.json.
func (a Address) Values() map[string]any {
	return map[string]any{"db_type": a.Type, "db_host": a.Host, "db_port": a.Port, "db_name": a.Name, "db_user": a.User, "db_password": a.Password}
}
