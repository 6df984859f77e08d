// Package oauthgo completes OAuth and OpenID Connect with published Go libraries
// against a running server in strict mode. conformance/clients/run starts it.
package oauthgo

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"testing"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"
)

// secretKey verifies id_tokens with the client's secret: upstream signs HS256 and
// publishes no keys.
type secretKey []byte

func (k secretKey) VerifySignature(_ context.Context, jws *jose.JSONWebSignature) ([]byte, error) {
	return jws.Verify([]byte(k))
}

// party is zitadel's relying party, told to leave the id_token to the test: the library
// knows no hash for HS256, which at_hash needs, and refuses such tokens before it looks
// at the rest of them.
type party struct{ rp.RelyingParty }

func (party) IsOAuth2Only() bool { return true }

func TestZitadelRelyingParty(t *testing.T) {
	s := openSite(t)
	id, secret := s.newClient(t)
	made, err := rp.NewRelyingPartyOIDC(t.Context(), s.url, id, secret, callback, []string{"openid", "all"}, rp.WithCustomDiscoveryUrl(s.discovery()))
	if err != nil {
		t.Fatal("discovery:", err)
	}
	nonce := "n-" + s.email
	p := party{made}
	verify := rp.NewIDTokenVerifier(made.Issuer(), id, secretKey(secret), rp.WithSupportedSigningAlgorithms("HS256"),
		rp.WithNonce(func(context.Context) string { return nonce }))
	ask := func() (code, verifier string) {
		verifier = oauth2.GenerateVerifier()
		address := rp.AuthURL("state 1&2", p, rp.WithCodeChallenge(oidc.NewSHACodeChallenge(verifier)),
			func() []oauth2.AuthCodeOption { return []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("nonce", nonce)} })
		back := s.consent(t, address)
		if back.Get("state") != "state 1&2" {
			t.Errorf("state %q", back.Get("state"))
		}
		return back.Get("code"), verifier
	}
	code, _ := ask()
	if _, err := rp.CodeExchange[*oidc.IDTokenClaims](t.Context(), code, p, rp.WithCodeVerifier(oauth2.GenerateVerifier())); err == nil {
		t.Error("a code was given for another verifier than its own")
	}
	code, verifier := ask()
	tokens, err := rp.CodeExchange[*oidc.IDTokenClaims](t.Context(), code, p, rp.WithCodeVerifier(verifier))
	if err != nil {
		t.Fatal("code exchange:", err)
	}
	text, _ := tokens.Extra("id_token").(string)
	claims, err := rp.VerifyIDToken[*oidc.IDTokenClaims](t.Context(), text, verify)
	if err != nil {
		t.Fatal("id_token:", err)
	}
	sum := sha256.Sum256([]byte(tokens.AccessToken))
	if claims.Email != s.email || claims.Name != "Olga Pace" || claims.AccessTokenHash != base64.RawURLEncoding.EncodeToString(sum[:16]) {
		t.Errorf("id_token: email %q, name %q, at_hash %q", claims.Email, claims.Name, claims.AccessTokenHash)
	}
	s.wantUser(t, tokens.AccessToken)
	info, err := rp.Userinfo[*oidc.UserInfo](t.Context(), tokens.AccessToken, tokens.TokenType, claims.Subject, p)
	if err != nil || info.Email != s.email || info.GivenName != "Olga" {
		t.Errorf("userinfo: %+v, %v", info, err)
	}
	next, err := rp.RefreshTokens[*oidc.IDTokenClaims](t.Context(), p, tokens.RefreshToken, "", "")
	if err != nil {
		t.Fatal("refresh:", err)
	}
	s.wantUser(t, next.AccessToken)
	s.wantDead(t, "the pair that was traded in", tokens.AccessToken)
	if err := rp.RevokeToken(t.Context(), made, next.AccessToken, "access_token"); err != nil {
		t.Error("revocation:", err)
	}
	s.wantDead(t, "a revoked token", next.AccessToken)
}
