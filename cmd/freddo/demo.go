package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"freddo"
)

func demoCommand() *cobra.Command {
	var dir, addr, compat, db string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Create (or reopen) a site with demo data and serve it",
		Long: `Creates a site with a small trading company in it (customers, items, sales orders
and payments) and serves it. Started again, it opens the same site.`,
		Example: "  freddo demo\n  freddo demo --compat v16 --addr 127.0.0.1:8016",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				base, err := os.UserCacheDir()
				if err != nil {
					base = os.TempDir()
				}
				dir = filepath.Join(base, "freddo", "demo-"+compat)
			}
			info, err := freddo.OpenDemoOn(cmd.Context(), dir, compat, db, progress("writing demo data"))
			if err != nil {
				return err
			}
			info.App.SetAddr(addr)
			info.App.OnListen = func(url string) { greet(cmd.OutOrStdout(), dir, url, info) }
			return info.App.Run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&dir, "dir", "", "the site's folder (default: a folder of the release in your cache directory)")
	f.StringVar(&addr, "addr", "127.0.0.1:8000", "address to listen on")
	f.StringVar(&compat, "compat", "v15", "the Frappe release to speak: v14, v15 or v16")
	f.StringVar(&db, "db", "", "the database of a new demo site: mariadb://user:password@host:port/name or postgres://… (default: SQLite in its folder)")
	return cmd
}

func greet(w io.Writer, dir, url string, info *freddo.DemoSite) {
	auth := "Authorization: token " + info.Key + ":" + info.Secret
	fmt.Fprintf(w, `
Freddo's demo site is ready (%[1]s, in %[2]s)

  Site      %[3]s
  Login     Administrator / %[4]s
  API user  %[5]s
            %[6]s

Try:

  curl -s '%[3]s/api/resource/Customer?fields=["name","customer_name","territory"]&limit_page_length=3' -g -H '%[6]s'

  curl -s %[3]s/api/resource/Sales%%20Order -H '%[6]s' -H 'Content-Type: application/json' \
    -d '{"customer": "CUST-001", "items": [{"item_code": "ITEM-001", "qty": 5, "rate": 100}, {"item_code": "ITEM-002", "qty": 2}]}'

  curl -s -X PUT %[3]s/api/resource/Customer/CUST-001 -H '%[6]s' -H 'Content-Type: application/json' \
    -d '{"customer_group": "Premium"}'

Press Ctrl+C to stop.
`, info.App.Compat(), dir, url, info.Password, info.User, auth)
}
