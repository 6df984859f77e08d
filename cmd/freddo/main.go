// Command freddo creates and serves Freddo sites. Each subcommand lies in a file of
// its own; main.go only puts them together.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// version is set by the linker for releases.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "freddo:", err)
		os.Exit(1)
	}
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "freddo",
		Short: "A server that speaks the Frappe Framework's HTTP API (v14, v15, v16)",
		Long: `Freddo is one binary that speaks the Frappe Framework's HTTP API: DocTypes become
tables, documents are created, queried, submitted and deleted over REST, and
whitelisted methods are called over RPC, as a Frappe v14, v15 or v16 site would
answer.

To look around, start a site with data:
  freddo demo

To make a site of your own:
  freddo new-site ./site --admin-password secret
  freddo serve ./site`,
		SilenceUsage: true, SilenceErrors: true, Version: version,
	}
	cmd.AddCommand(demoCommand(), newSiteCommand(), serveCommand(), importCommand(), migrateCommand(),
		keysCommand(), methodsCommand(), conformanceCommand())
	return cmd
}
