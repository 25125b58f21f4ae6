package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"dropstream/backend/api"
)

func (r *runner) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say what works on this computer and what is missing",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.withLibrary(cmd.Context(), func(lib library, _ bool) error {
				report, err := lib.Doctor(cmd.Context())
				if err != nil {
					return fmt.Errorf("ask the doctor: %w", err)
				}
				return r.printReport(report)
			})
		},
	}
}

// printReport prints the doctor's findings; errFailed when something that is needed does not work.
func (r *runner) printReport(report api.Report) error {
	var err error
	if r.json {
		err = r.printJSON(report)
	} else {
		err = r.printChecks(report)
	}
	if err == nil && !report.Healthy {
		err = errFailed
	}
	return err
}

func (r *runner) printChecks(report api.Report) error {
	head := fmt.Sprintf("drop.stream %s on %s, data in %s\n", report.Version, report.System, plain(report.DataDir))
	if err := r.printf("%s", head); err != nil {
		return err
	}
	for _, check := range report.Checks {
		if err := r.printf("%-4s  %-12s  %s\n", check.Result, plain(check.Name), plain(check.Detail)); err != nil {
			return err
		}
		if check.Advice == "" {
			continue
		}
		if err := r.printf("%-4s  %-12s  %s\n", "", "", plain(check.Advice)); err != nil {
			return err
		}
	}
	return nil
}
