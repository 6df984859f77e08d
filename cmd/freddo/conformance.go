package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"freddo/conformance"
)

// conformanceCommand replays recordings against any running server.
func conformanceCommand() *cobra.Command {
	var url, password, siteConfig, only string
	var release int
	var verbose bool
	cmd := &cobra.Command{
		Use:   "conformance FILE…",
		Short: "Replay recorded conversations against a running server",
		Long: `Replays recorded conversations with real Frappe servers against the server at --url
and prints what differs. Start each file on an empty site: the replay creates users
and DocTypes in it.`,
		Example: "  freddo conformance --url http://127.0.0.1:8000 --version 15 conformance/testdata/rest-v1.json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if url == "" {
				return errors.New("say which server: --url http://127.0.0.1:8000")
			}
			var report conformance.Report
			failed := 0
			for _, file := range args {
				area, err := conformance.Load(file)
				if err != nil {
					return err
				}
				r, err := conformance.Run(cmd.Context(), conformance.Runner{Target: conformance.URLTarget(url), Version: release, Password: password,
					SiteConfig: siteConfig, ConfigWait: 1500 * time.Millisecond, Only: only, BaseURL: url}, area)
				if err != nil {
					return err
				}
				report.Results = append(report.Results, r)
				c := r.StepCount()
				failed += c.Total - c.Passed
			}
			if verbose {
				if err := report.WriteDifferences(cmd.OutOrStdout()); err != nil {
					return err
				}
			}
			if err := report.WriteTable(cmd.OutOrStdout()); err != nil {
				return err
			}
			if failed > 0 {
				return fmt.Errorf("%d steps differ; -v shows how", failed)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&url, "url", "", "address of the server")
	f.IntVar(&release, "version", 15, "release to compare with: 14, 15 or 16")
	f.StringVar(&password, "password", "admin", "password of Administrator")
	f.StringVar(&siteConfig, "site-config", "", "the server's site_config.json, for scenarios that change it")
	f.StringVar(&only, "only", "", "only scenarios whose name contains this")
	f.BoolVarP(&verbose, "verbose", "v", false, "print every difference")
	return cmd
}
