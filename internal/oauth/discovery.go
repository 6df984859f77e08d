package oauth

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"freddo/document"
	"freddo/internal/engine"
	"freddo/internal/method"
)

const endpoint = "/api/method/" + module

// openidMetadata describes the provider. Source: frappe/integrations/oauth2.py
// openid_configuration.
func openidMetadata(server string) *document.Object {
	return document.NewObject("issuer", server, "authorization_endpoint", server+endpoint+"authorize", "token_endpoint", server+endpoint+"get_token",
		"userinfo_endpoint", server+endpoint+"openid_profile", "revocation_endpoint", server+endpoint+"revoke_token",
		"introspection_endpoint", server+endpoint+"introspect_token",
		"response_types_supported", []string{"code", "token", "code id_token", "code token id_token", "id_token", "id_token token"},
		"subject_types_supported", []string{"public"}, "id_token_signing_alg_values_supported", []string{"HS256"})
}

func (p *Provider) openidConfiguration(ctx context.Context, c *engine.Call, _ method.Args) (any, error) {
	server, err := p.serverURL(ctx, c)
	if err != nil {
		return nil, err
	}
	o := openidMetadata(server)
	for i := range o.Len() {
		c.Response.Keys.Set(o.At(i))
	}
	return nil, nil
}

// WellKnown answers a name under /.well-known/; handled is false for those that the
// release does not have. Source: frappe/integrations/oauth2.py handle_wellknown (v16);
// frappe/hooks.py website_redirects (v15).
func (p *Provider) WellKnown(ctx context.Context, c *engine.Call, name string) (handled bool, err error) {
	profile := p.engine.Profile
	switch {
	case !strings.HasPrefix(name, "openid-configuration"):
	case profile.OAuthMetadata:
		server, err := p.serverURL(ctx, c)
		if err != nil {
			return false, err
		}
		return true, writeJSON(c, http.StatusOK, openidMetadata(server))
	case profile.OpenIDRedirect:
		c.Response.Kind, c.Response.Status, c.Response.ContentType = "raw", http.StatusMovedPermanently, "text/html; charset=utf-8"
		c.Response.Header = append(c.Response.Header, [2]string{"Location", endpoint + "openid_configuration"},
			[2]string{"Cache-Control", "no-store, no-cache, must-revalidate"})
		return true, nil
	}
	if !profile.OAuthMetadata {
		return false, nil
	}
	set, err := p.settings(ctx, c)
	if err != nil {
		return false, err
	}
	switch {
	case strings.HasPrefix(name, "oauth-authorization-server") && set.Int("show_auth_server_metadata") != 0:
		return true, writeJSON(c, http.StatusOK, p.serverMetadata(c, set))
	case strings.HasPrefix(name, "oauth-protected-resource") && set.Int("show_protected_resource_metadata") != 0:
		o, err := p.resourceMetadata(ctx, c, set)
		if err != nil {
			return false, err
		}
		return true, writeJSON(c, http.StatusOK, o)
	}
	return false, nil
}

func (p *Provider) settings(ctx context.Context, c *engine.Call) (*document.Document, error) {
	return c.Get(ctx, "OAuth Settings", "OAuth Settings")
}

// serverMetadata is RFC 8414's. Source: oauth2.py _get_authorization_server_metadata.
func (p *Provider) serverMetadata(c *engine.Call, set *document.Document) *document.Object {
	issuer := p.resourceURL(c)
	methods := []string{"none", "client_secret_basic"}
	if p.strict() {
		methods = append(methods, "client_secret_post")
	}
	o := document.NewObject("issuer", issuer, "authorization_endpoint", issuer+endpoint+"authorize", "token_endpoint", issuer+endpoint+"get_token",
		"response_types_supported", []string{"code"}, "response_modes_supported", []string{"query"},
		"grant_types_supported", []string{"authorization_code", "refresh_token"}, "token_endpoint_auth_methods_supported", methods,
		"service_documentation", "https://docs.frappe.io/framework/user/en/guides/integration/how_to_set_up_oauth#add-a-client-app",
		"revocation_endpoint", issuer+endpoint+"revoke_token", "revocation_endpoint_auth_methods_supported", []string{"client_secret_basic"},
		"introspection_endpoint", issuer+endpoint+"introspect_token", "userinfo_endpoint", issuer+endpoint+"openid_profile",
		"code_challenge_methods_supported", []string{"S256"})
	if set.Int("enable_dynamic_client_registration") != 0 {
		o.Set("registration_endpoint", document.Text(issuer+endpoint+"register_client"))
	}
	return o
}

// resourceMetadata is RFC 9728's. Source: oauth2.py _get_protected_resource_metadata.
func (p *Provider) resourceMetadata(ctx context.Context, c *engine.Call, set *document.Document) (*document.Object, error) {
	resource := p.resourceURL(c)
	servers := []string{resource}
	if set.Int("show_social_login_key_as_authorization_server") != 0 {
		rows, err := c.Rows(ctx, "Social Login Key", []string{"base_url"}, document.NewObject("enable_social_login", 1, "show_in_resource_metadata", 1), "")
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			servers = append(servers, r.PropText("base_url"))
		}
	}
	o := document.NewObject("resource", resource, "authorization_servers", servers, "bearer_methods_supported", []string{"header"})
	for _, key := range []string{"resource_name", "resource_documentation", "resource_policy_uri", "resource_tos_uri"} {
		if t := set.Text(key); t != "" {
			o.Set(key, document.Text(t))
		}
	}
	var scopes []string
	for line := range strings.SplitSeq(set.Text("scopes_supported"), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			scopes = append(scopes, line)
		}
	}
	if len(scopes) > 0 {
		o.Set("scopes_supported", document.Texts(scopes))
	}
	return o, nil
}

// writeJSON answers JSON with sorted keys and an indent of one, as upstream's as_json.
func writeJSON(c *engine.Call, status int, o *document.Object) error {
	m := make(map[string]json.RawMessage, o.Len())
	for i := range o.Len() {
		k, v := o.At(i)
		m[k] = json.RawMessage(document.ORJSON.Marshal(v))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(m); err != nil {
		return err
	}
	c.Response.Kind, c.Response.Status, c.Response.ContentType = "raw", status, "application/json"
	c.Response.Content = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return nil
}
