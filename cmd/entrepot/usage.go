package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"entrepot/awsapi"
	"entrepot/usage"
)

type usageCommand struct {
	caller
	Domain  string `help:"Only what is of this domain."`
	Account string `placeholder:"ACCOUNT" help:"Of another account; for administrators of the installation, and of the account's organization."`
	Month   string `placeholder:"YYYY-MM" help:"The month (default: the one that runs)."`
	By      string `placeholder:"WAY" help:"Tell apart by domain, repository, account, format, tag, tag:KEY, day or hour."`
	JSON    bool   `name:"json" xor:"form" help:"Print the report as one JSON object."`
	CSV     bool   `name:"csv" xor:"form" help:"Print the lines of the bill, or with --by its groups, as CSV."`
}

// Help is shown by entrepot usage --help.
func (usageCommand) Help() string {
	return `Tells how long how many bytes lay, how many requests were made and how many bytes went out; what that costs after what is free; what
the whole month will cost if it goes on like this; and which repositories, packages and principals it comes from. Storage is paid by
the owner of a domain, each distinct asset once; requests and transfer by the account that calls. You need entrepot:GetUsage.

Examples:

  entrepot usage
  entrepot usage --domain my-domain --by repository
  entrepot usage --month 2026-10 --by tag:team --csv
  entrepot usage --by account --json`
}

// Run asks the server and prints what it says.
func (c usageCommand) Run(ctx context.Context, u user, to io.Writer) error {
	calls, err := client(c.source(u.Getenv), u.Getenv)
	if err != nil {
		return err
	}
	q := parameters(map[string]string{"domain": c.Domain, "account": c.Account, "month": c.Month, "by": c.By})
	var answer json.RawMessage
	if err := calls.Post(ctx, "GetUsage", awsapi.UsagePath, q, &answer); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(to, answer)
	}
	var r awsapi.UsageReport
	if err := json.Unmarshal(answer, &r); err != nil {
		return fmt.Errorf("read the report: %w", err)
	}
	if c.CSV {
		return writeUsageCSV(plain{to}, r)
	}
	return printUsage(to, r)
}

// writeUsageCSV writes the groups, or the lines of the bill where there are none.
func writeUsageCSV(to io.Writer, r awsapi.UsageReport) error {
	out := csv.NewWriter(to)
	rows := [][]string{{"dimension", "network", "unit", "quantity", "free", "cost"}}
	if r.By == "" {
		for _, l := range r.Lines {
			rows = append(rows, []string{string(l.Dimension), l.Network, l.Unit, l.Quantity.String(), l.Free.String(), l.Cost.String()})
		}
	} else {
		rows = [][]string{{r.By, "storage_byte_hours", "shared_byte_hours", "reads", "writes", "transfer_bytes", "cost"}}
		for _, g := range r.Groups {
			rows = append(rows, []string{inert(g.Name), g.Storage.String(), g.Shared.String(), g.Reads.String(), g.Writes.String(), g.Transfer.String(), g.Cost.String()})
		}
	}
	return errors.Join(out.WriteAll(rows), out.Error())
}

// inert keeps a name from being taken for a formula: tags are what others have chosen.
func inert(name string) string {
	if name != "" && strings.ContainsRune("=+-@\t\r", rune(name[0])) {
		return "'" + name
	}
	return name
}

// printUsage prints a report for people.
func printUsage(to io.Writer, r awsapi.UsageReport) error {
	out := tabwriter.NewWriter(plain{to}, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "Usage of account %s%s in %s, until %s\n\n", r.Account, onlyIf(r.Domain != "", ", domain "+r.Domain), r.Month, moment(r.Until))
	fmt.Fprintln(out, "\tUSED\tFREE\tCOST")
	for _, l := range r.Lines {
		fmt.Fprintf(out, "%s\t%s\t%s\t$%s\n", lineName(l), quantity(l, l.Quantity, r.Hours), quantity(l, l.Free, r.Hours), l.Cost.Cents())
	}
	fmt.Fprintf(out, "total\t\t\t$%s\n", r.Cost.Cents())
	if r.Forecast != nil {
		fmt.Fprintf(out, "whole month, if it goes on like this\t\t\t$%s\n", r.Forecast.Cost.Cents())
	}
	if r.By != "" {
		printGroups(out, strings.ToUpper(r.By), r.Groups, r.Hours)
	} else {
		printGroups(out, "TOP REPOSITORIES", r.Drivers.Repositories, r.Hours)
	}
	printDriven(out, "TOP PACKAGES", r.Drivers.Packages)
	printDriven(out, "TOP PRINCIPALS", r.Drivers.Principals)
	for n, v := range r.Others {
		fmt.Fprintf(out, "%s%s\t%s\t%s\n", onlyIf(n == 0, "\nOTHER ACCOUNTS, WHICH PAY THEMSELVES\tREQUESTS\tTRANSFER\n"), v.Account, v.Requests, gigabytes(v.Transfer))
	}
	return out.Flush()
}

func lineName(l awsapi.UsageLine) string {
	switch {
	case l.Dimension != usage.Transfer:
		return string(l.Dimension)
	case l.Network == usage.Internet:
		return "transfer to the internet"
	}
	return "transfer to " + l.Network
}

// quantity writes an amount of a line as it is priced.
func quantity(l awsapi.UsageLine, a usage.Amount, hours int64) string {
	switch l.Dimension {
	case usage.Storage:
		return gigabyteMonths(a, hours)
	case usage.Transfer:
		return gigabytes(a)
	}
	return a.String()
}

func gigabytes(a usage.Amount) string { return decimals(a, usage.Gigabyte) + " GB" }

func gigabyteMonths(byteHours usage.Amount, hours int64) string {
	return decimals(byteHours, usage.Gigabyte*hours) + " GB-months"
}

// decimals writes an amount of units with four decimals. What is less than the last of them and not nothing is said to be.
func decimals(a usage.Amount, unit int64) string {
	text := a.Decimals(unit, 4)
	if !a.IsZero() && text == "0.0000" {
		return "<0.0001"
	}
	return text
}

func printGroups(out io.Writer, title string, groups []awsapi.UsageGroup, hours int64) {
	for n, g := range groups {
		if n == 0 {
			fmt.Fprintf(out, "\n%s\tSTORAGE\tSHARED\tREADS\tWRITES\tTRANSFER\tCOST\n", title)
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t$%s\n", g.Name, gigabyteMonths(g.Storage, hours), gigabyteMonths(g.Shared, hours), g.Reads, g.Writes,
			gigabytes(g.Transfer), g.Cost.Cents())
	}
}

func printDriven(out io.Writer, title string, all []awsapi.UsageDriven) {
	for n, d := range all {
		fmt.Fprintf(out, "%s%s\t%s\t%s\n", onlyIf(n == 0, "\n"+title+"\tREQUESTS\tTRANSFER\n"), d.Name, d.Requests, gigabytes(d.Transfer))
	}
}
