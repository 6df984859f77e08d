package freddo

import (
	"fmt"
	"log/slog"
	"time"

	"freddo/internal/files"
	"freddo/internal/files/s3"
	"freddo/internal/site"
)

// openBucket puts the site's files into a bucket when site_config.json names one
// (s3_bucket); docs/files.md lists the keys. A bucket that does not answer is logged:
// the rest of the site works without it. Errors: s3.ErrConfig.
func openBucket(s *site.Site, m *files.Manager, log *slog.Logger) error {
	c := s.Config()
	if !c.Has("s3_bucket") {
		return nil
	}
	cfg := s3.Config{Endpoint: c.Str("s3_endpoint"), Region: c.Str("s3_region"), Bucket: c.Str("s3_bucket"), Prefix: c.Str("s3_prefix"),
		AccessKey: c.Str("s3_access_key"), SecretKey: c.Str("s3_secret_key"), PathStyle: c.Bool("s3_path_style"),
		Timeout: time.Duration(c.Int("s3_timeout")) * time.Second, Redirect: time.Duration(c.Int("s3_redirect")) * time.Second}
	store, err := s3.Open(cfg)
	if err != nil {
		return fmt.Errorf("%s: %w", site.ConfigFile, err)
	}
	if err := store.Check(); err != nil {
		log.Error("the bucket of files cannot be used", "bucket", cfg.Bucket, "error", err)
	}
	m.Store = store
	return nil
}
