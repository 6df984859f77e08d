// Package s3 keeps files in a bucket that speaks the S3 protocol, laid out as in a
// site's folder: PREFIX/public/files/NAME and PREFIX/private/files/NAME. Start with
// Config and Open.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"freddo/internal/files"
)

// Config says where a bucket is. Endpoint and Bucket are required.
type Config struct {
	// Endpoint is a URL without a path: https://s3.eu-central-1.amazonaws.com.
	Endpoint string
	// Region is what requests are signed for; empty means us-east-1.
	Region string
	Bucket string
	// Prefix is a folder in the bucket, or "".
	Prefix string
	// AccessKey and SecretKey sign the requests. Without them the variables
	// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or MINIO_…) are read.
	AccessKey, SecretKey string
	// PathStyle puts the bucket into the path instead of the host's name.
	PathStyle bool
	// Timeout is how long the server may stay silent; 0 means DefaultTimeout.
	Timeout time.Duration
	// Redirect sends clients to the bucket with links that are good for this long;
	// 0 sends the bytes through this server.
	Redirect time.Duration
}

// DefaultTimeout is how long a server may stay silent.
const DefaultTimeout = 20 * time.Second

// ErrConfig says that a Config cannot be used.
var ErrConfig = errors.New("s3: bad configuration")

// Store is a files.Remote in a bucket.
type Store struct {
	cfg    Config
	core   minio.Core
	prefix string
}

// Open makes a store; it sends nothing. Errors: ErrConfig.
func Open(cfg Config) (*Store, error) {
	u, err := url.Parse(cfg.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" || u.User != nil {
		return nil, fmt.Errorf("%w: s3_endpoint must be a URL such as https://s3.example.com", ErrConfig)
	}
	if cfg.Bucket == "" {
		return nil, fmt.Errorf("%w: s3_bucket is missing", ErrConfig)
	}
	if (cfg.AccessKey == "") != (cfg.SecretKey == "") {
		return nil, fmt.Errorf("%w: s3_access_key and s3_secret_key belong together", ErrConfig)
	}
	if cfg.Region == "" {
		cfg.Region = "us-east-1"
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	cfg.Redirect = min(cfg.Redirect, maxRedirect)
	s := &Store{cfg: cfg}
	if s.prefix = strings.Trim(cfg.Prefix, "/"); s.prefix != "" {
		s.prefix += "/"
	}
	if err := s.connect(u); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return s, nil
}

// maxRedirect is how long S3 allows a link to be good.
const maxRedirect = 7 * 24 * time.Hour

func (s *Store) connect(u *url.URL) error {
	t, err := minio.DefaultTransport(u.Scheme == "https")
	if err != nil {
		return err
	}
	t.ResponseHeaderTimeout = s.cfg.Timeout
	t.MaxIdleConnsPerHost = 64
	lookup := minio.BucketLookupDNS
	if s.cfg.PathStyle {
		lookup = minio.BucketLookupPath
	}
	c, err := minio.New(u.Host, &minio.Options{Creds: s.creds(), Secure: u.Scheme == "https", Transport: t, Region: s.cfg.Region,
		BucketLookup: lookup, MaxRetries: 3})
	s.core = minio.Core{Client: c}
	return err
}

func (s *Store) creds() *credentials.Credentials {
	if s.cfg.AccessKey != "" {
		return credentials.NewStaticV4(s.cfg.AccessKey, s.cfg.SecretKey, "")
	}
	return credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.EnvMinio{}})
}

// Check asks the bucket for what uploads have left behind that a crash cut off, and
// removes it; so it also tells whether the bucket can be used. Errors:
// files.ErrUnavailable.
func (s *Store) Check() error {
	ctx, cancel := s.context(0)
	defer cancel()
	for o := range s.core.Client.ListObjects(ctx, s.cfg.Bucket, minio.ListObjectsOptions{Prefix: s.prefix + uploads}) {
		if o.Err != nil {
			return s.failure(o.Err)
		}
		if time.Since(o.LastModified) > staleAfter {
			if err := s.remove(ctx, o.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// staleAfter is the age at which an upload belongs to nobody any more.
const staleAfter = 24 * time.Hour

// slowest is the rate in bytes a second that a transfer must keep.
const slowest = 256 << 10

// context bounds a request that moves so many bytes, its retries included.
func (s *Store) context(size int64) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), s.cfg.Timeout+time.Duration(size/slowest)*time.Second)
}

// failure makes a server's refusal an error of files.
func (s *Store) failure(err error) error {
	if err == nil {
		return nil
	}
	r := minio.ToErrorResponse(err)
	switch {
	case r.Code == minio.NoSuchKey, r.Code == "NotFound":
		return errors.Join(files.ErrNotExist, err)
	case r.StatusCode == http.StatusPreconditionFailed, r.Code == "ConditionalRequestConflict":
		return errors.Join(files.ErrExist, err)
	case r.Code == "KeyTooLongError", r.Code == "XMinioInvalidObjectName":
		return errors.Join(files.ErrBadName, err)
	}
	return fmt.Errorf("%w: %w", files.ErrUnavailable, err)
}
