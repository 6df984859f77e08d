package main

import (
	"errors"
	"fmt"
	"sort"

	"github.com/spf13/cobra"

	"freddo"
)

func newSiteCommand() *cobra.Command {
	var o freddo.NewSiteOptions
	cmd := &cobra.Command{
		Use:   "new-site DIR",
		Short: "Create a site in an empty folder",
		Example: `  freddo new-site ./site --admin-password secret
  freddo new-site ./site --admin-password secret --compat v16 --time-zone Europe/Amsterdam
  freddo new-site ./site --admin-password secret --db mariadb://user:password@host:3306/name
  freddo new-site ./site --admin-password secret --db postgres://user:password@host:5432/name`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.AdminPassword == "" {
				return errors.New("give Administrator a password: --admin-password PASSWORD")
			}
			o.Progress = progress("creating tables")
			if err := freddo.NewSite(cmd.Context(), args[0], o); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Created %s (%s). Serve it with: freddo serve %s\n", args[0], o.Compat, args[0])
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.AdminPassword, "admin-password", "", "password of the user Administrator")
	f.StringVar(&o.DB, "db", "", "database URL, mariadb://… or postgres://…; SQLite in the site's folder when left out")
	f.StringVar(&o.Compat, "compat", "v15", "the Frappe release to speak: v14, v15 or v16")
	f.StringVar(&o.TimeZone, "time-zone", "UTC", "the site's time zone")
	return cmd
}

func serveCommand() *cobra.Command {
	var addr string
	cmd := &cobra.Command{
		Use: "serve DIR", Short: "Serve a site over HTTP", Args: cobra.ExactArgs(1),
		Example: "  freddo serve ./site --addr 127.0.0.1:8000",
		RunE: func(cmd *cobra.Command, args []string) error {
			app, err := freddo.New(freddo.Config{Site: args[0], Addr: addr})
			if err != nil {
				return err
			}
			app.OnListen = func(url string) {
				fmt.Fprintf(cmd.OutOrStdout(), "Serving %s at %s (%s). Press Ctrl+C to stop.\n", args[0], url, app.Compat())
			}
			return app.Run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8000", "address to listen on")
	return cmd
}

func importCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "import-doctypes DIR PATH…",
		Short: "Install DocTypes from files or from an app's tree",
		Long: `Installs DocTypes from JSON files, or from every
<module>/doctype/<name>/<name>.json below a folder, as Frappe apps lay them out.
Child tables are installed before what holds them. Links to DocTypes that exist
nowhere are reported; the DocTypes are installed all the same.`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			app, err := freddo.New(freddo.Config{Site: args[0]})
			if err != nil {
				return err
			}
			defer app.Close()
			r, err := app.ImportDocTypes(cmd.Context(), args[1:], progress("installing DocTypes"))
			if err != nil {
				return err
			}
			return printReport(cmd, r)
		},
	}
}

func printReport(cmd *cobra.Command, r freddo.ImportReport) error {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "Installed %d DocTypes.\n", len(r.Imported))
	if len(r.Cycles) > 0 {
		fmt.Fprintf(out, "Tables that lead back to themselves: %v\n", r.Cycles)
	}
	if len(r.Missing) > 0 {
		fmt.Fprintf(out, "%d links point to DocTypes that are not installed; documents that fill them are refused:\n", len(r.Missing))
		for _, m := range r.Missing {
			fmt.Fprintln(out, "  "+m)
		}
	}
	if len(r.Failed) == 0 {
		return nil
	}
	names := make([]string, 0, len(r.Failed))
	for n := range r.Failed {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		fmt.Fprintf(out, "not installed: %s: %v\n", n, r.Failed[n])
	}
	return fmt.Errorf("%d DocTypes were not installed", len(r.Failed))
}

func migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use: "migrate DIR", Short: "Bring a site's tables up to date with this binary", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			app, err := freddo.New(freddo.Config{Site: args[0]})
			if err != nil {
				return err
			}
			defer app.Close()
			if err := app.Migrate(cmd.Context(), progress("migrating")); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), "The site is up to date.")
			return nil
		},
	}
}

func keysCommand() *cobra.Command {
	return &cobra.Command{
		Use: "generate-keys DIR USER", Short: "Give a user an API key and a new secret", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			app, err := freddo.New(freddo.Config{Site: args[0]})
			if err != nil {
				return err
			}
			defer app.Close()
			key, secret, err := app.GenerateKeys(cmd.Context(), args[1])
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "Authorization: token %s:%s\n", key, secret)
			return nil
		},
	}
}

func methodsCommand() *cobra.Command {
	markdown := false
	cmd := &cobra.Command{
		Use: "methods", Short: "List the whitelisted methods", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if markdown {
				fmt.Fprint(cmd.OutOrStdout(), freddo.MethodsMarkdown())
				return nil
			}
			for _, m := range freddo.Methods() {
				fmt.Fprintln(cmd.OutOrStdout(), m)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&markdown, "markdown", false, "describe each, as docs/methods.md does")
	return cmd
}
