package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"entrepot/clientconfig"
	"entrepot/localca"
	"entrepot/trust"
)

type trustCommand struct {
	Clients []string `arg:"" optional:"" help:"Only these, by the names of the table; without any, all that are on this machine."`
	Data    string   `placeholder:"DIR" help:"Data folder of the server (default: that of the environment that entrepot env prints, else ./entrepot-data)."`
	CA      string   `name:"ca" placeholder:"FILE" help:"The authority itself, a copy of tls/ca.pem: for machines that the server is not on. What clients are given is written beside it."`
	Apply   bool     `xor:"what" help:"Do it."`
	Remove  bool     `xor:"what" help:"Take back what --apply has done."`
	Env     bool     `xor:"what" help:"Print the variables that do it for a terminal."`
}

// Help is shown by entrepot trust --help.
func (trustCommand) Help() string {
	return `Shows what each client on this machine needs to believe the authority of a server that runs with --tls auto. Nothing
is changed unless you say so.

Examples:

  entrepot trust                     # the clients, and what is to be done for each
  eval "$(entrepot trust --env)"     # for the clients of this terminal
  entrepot trust --apply npm pip     # for these, in their files
  sudo entrepot trust --apply system --data /srv/entrepot
  entrepot trust --remove            # as it was before

On another machine, copy tls/ca.pem there and name it with --ca. What a client has believed it goes on believing: clients
that read one list only are given one that has the system's too. Run it again when the system's list has changed.`
}

// systemName is what the system's own list is called among the clients.
const systemName = "system"

// Run shows or does it.
func (c trustCommand) Run(ctx context.Context, m trust.Machine, to io.Writer) error {
	t := truster{machine: m, out: to, now: time.Now()}
	return t.run(ctx, c)
}

// thisMachine is the machine as this terminal sees it.
func thisMachine() (trust.Machine, error) {
	home, err := os.UserHomeDir()
	return trust.Machine{
		OS: runtime.GOOS, Root: "/", User: clientconfig.User{Home: home, Getenv: os.Getenv}, Find: exec.LookPath, Run: runProgram,
	}, err
}

// runProgram runs a program that has to succeed.
func runProgram(ctx context.Context, program string, args ...string) error {
	said, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %.500s", err, bytes.TrimSpace(said))
	}
	return nil
}

// authorityFile is the file of the authorities that is meant.
func (c trustCommand) authorityFile(getenv func(string) string) (string, error) {
	if c.CA != "" {
		return filepath.Abs(c.CA)
	}
	data := cmp.Or(c.Data, getenv("ENTREPOT_DATA"))
	if profile := getenv("AWS_CONFIG_FILE"); data == "" && profile != "" {
		// As entrepot env has it: DATA/aws/config.
		file := filepath.Join(filepath.Dir(filepath.Dir(profile)), authorityFolder, localca.AuthorityFile)
		if _, err := os.Stat(file); err == nil {
			return file, nil
		}
	}
	return filepath.Abs(filepath.Join(cmp.Or(data, "./entrepot-data"), authorityFolder, localca.AuthorityFile))
}

// truster shows and does it on a machine.
type truster struct {
	machine trust.Machine
	out     io.Writer
	now     time.Time

	files   trust.Material
	journal *clientconfig.Journal
}

func (t *truster) run(ctx context.Context, c trustCommand) error {
	chosen, err := chosenClients(c.Clients)
	if err != nil {
		return err
	}
	path, err := c.authorityFile(t.machine.Getenv)
	if err != nil {
		return err
	}
	if t.files, err = trust.Prepare(t.machine, path, t.now); err != nil {
		return err
	}
	if c.Env {
		for _, v := range trust.Exports(t.machine.Getenv, t.files) {
			fmt.Fprintf(t.out, "export %s=%s\n", v[0], quoted(v[1]))
		}
		return nil
	}
	if t.journal, err = clientconfig.OpenJournal(user{User: t.machine.User}.state()); err != nil {
		return err
	}
	switch {
	case c.Apply:
		return t.each(chosen, len(c.Clients) > 0, func(client trust.Client) (string, error) { return t.apply(ctx, client) })
	case c.Remove:
		return t.each(chosen, true, func(client trust.Client) (string, error) { return t.remove(ctx, client) })
	}
	return t.show(chosen)
}

// chosenClients are the clients of the names, or all; the system comes first, because others believe what it does.
func chosenClients(names []string) ([]trust.Client, error) {
	all := append([]trust.Client{{Name: systemName}}, trust.Clients()...)
	if len(names) == 0 {
		return all, nil
	}
	var chosen []trust.Client
	for _, c := range all {
		if slices.Contains(names, c.Name) {
			chosen = append(chosen, c)
		}
	}
	if len(chosen) < len(names) {
		known := make([]string, len(all))
		for i, c := range all {
			known[i] = c.Name
		}
		return nil, fmt.Errorf("there are the clients %s; got %s", strings.Join(known, ", "), strings.Join(names, ", "))
	}
	return chosen, nil
}

// each does something for every client that is here, or for all if they were named, says of each what was done, and goes on
// after a failure.
func (t *truster) each(clients []trust.Client, all bool, do func(trust.Client) (string, error)) error {
	var failures []error
	for _, c := range clients {
		if !all && c.Name != systemName && !t.machine.Has(c) {
			continue
		}
		said, err := do(c)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", c.Name, err))
		}
		if said != "" {
			fmt.Fprintf(t.out, "%s: %s\n", c.Name, said)
		}
	}
	return errors.Join(failures...)
}

// ownerOf is in whose name the journal remembers a client's settings.
func ownerOf(client string) string { return "trust " + client }

// apply makes a client believe the authority and says what it did, or what is left to do.
func (t *truster) apply(ctx context.Context, c trust.Client) (string, error) {
	if c.Name == systemName {
		return t.applySystem(ctx)
	}
	if c.Java {
		path, err := trust.MakeTruststore(ctx, t.machine, t.files)
		if err != nil {
			return "", err
		}
		t.files.Truststore = path
		return "made " + path + "; " + t.inTerminals(c), nil
	}
	settings := c.Settings(t.machine, t.files)
	if t.systemWillDo(c) {
		return "believes what the system does", nil
	}
	if len(settings) == 0 {
		return t.inTerminals(c), nil
	}
	plan, err := t.journal.Plan(ownerOf(c.Name), settings...)
	if err != nil {
		return "", err
	}
	if len(plan.Changed()) == 0 {
		return "believes it already, by " + settings[0].File.Path + t.overruled(c), nil
	}
	if err := plan.Apply(); err != nil {
		return "", err
	}
	return "changed " + settings[0].File.Path + t.overruled(c) + "\n" + indented(plan.Difference()), nil
}

// applySystem has the system believe the authority, or says how.
func (t *truster) applySystem(ctx context.Context) (string, error) {
	system, ok := trust.SystemOf(t.machine)
	switch {
	case !ok:
		return "where this system keeps what it believes is not known; put " + t.files.Authority + " there", nil
	case system.Believes(t.files):
		return "believes it already", nil
	}
	err := system.Apply(ctx, t.files)
	if errors.Is(err, trust.ErrByHand) {
		return "run\n" + indented(strings.Join(system.Commands(t.files, false), "\n")), nil
	}
	if err != nil {
		return "", err
	}
	// What the system believes is in the bundle too.
	_, err = trust.Prepare(t.machine, t.files.Authority, t.now)
	return "believes it now (" + system.Kind() + ")", err
}

// remove takes back what apply did for a client.
func (t *truster) remove(ctx context.Context, c trust.Client) (string, error) {
	if c.Name == systemName {
		return t.removeSystem(ctx)
	}
	if c.Java {
		return "", trust.RemoveTruststore(t.files)
	}
	plan, err := t.journal.Plan(ownerOf(c.Name))
	if err != nil {
		return "", err
	}
	changed := plan.Changed()
	if err := plan.Apply(); err != nil {
		return "", err
	}
	said := ""
	if len(changed) > 0 {
		said = "changed " + strings.Join(changed, ", ") + "\n" + indented(plan.Difference())
	}
	for _, left := range plan.Left {
		said += "left " + left + "\n"
	}
	return strings.TrimSuffix(said, "\n"), nil
}

func (t *truster) removeSystem(ctx context.Context) (string, error) {
	system, ok := trust.SystemOf(t.machine)
	if !ok || system.Knows() && !system.Believes(t.files) {
		return "", nil
	}
	err := system.Remove(ctx, t.files)
	if errors.Is(err, trust.ErrByHand) {
		return "run\n" + indented(strings.Join(system.Commands(t.files, true), "\n")), nil
	}
	if err != nil {
		return "", err
	}
	return "no longer believes it (" + system.Kind() + ")", nil
}

// systemWillDo reports whether a client believes the authority because the system does.
func (t *truster) systemWillDo(c trust.Client) bool {
	system, ok := trust.SystemOf(t.machine)
	return c.System && ok && system.Believes(t.files)
}

// inTerminals says which variables a client reads.
func (t *truster) inTerminals(c trust.Client) string {
	var names []string
	for _, v := range c.Variables {
		names = append(names, v.Name)
	}
	if len(names) == 0 {
		return c.Note
	}
	return "reads " + strings.Join(names, ", ") + ", which eval \"$(entrepot trust --env)\" sets"
}

// overruled warns of a variable of this terminal that wins over the client's file.
func (t *truster) overruled(c trust.Client) string {
	value := t.machine.Getenv(c.Wins)
	if c.Wins == "" || value == "" || value == t.files.Bundle {
		return ""
	}
	return "; but " + c.Wins + " is set in this terminal and wins over it"
}

// show prints the clients and what is to be done for each.
func (t *truster) show(clients []trust.Client) error {
	for _, c := range t.files.Certificates {
		fmt.Fprintf(t.out, "%s: %s, good until %s, for %s\n", t.files.Authority, c.Subject.CommonName,
			c.NotAfter.Format(time.DateOnly), strings.Join(c.PermittedDNSDomains, ", "))
	}
	fmt.Fprintf(t.out, "%s: that, and what is believed on this machine\n\n", t.files.Bundle)
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CLIENT\tSTATE\tWHAT")
	for _, c := range clients {
		state, what, err := t.state(c)
		if err != nil {
			state, what = "cannot be changed", err.Error()
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", c.Name, state, what)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprint(t.out, "\nNothing was changed. entrepot trust --apply does it for all clients that are here, with names behind it for "+
		"those.\nFor the clients of one terminal: eval \"$(entrepot trust --env)\"\n")
	return err
}

// state is a client's row.
func (t *truster) state(c trust.Client) (state, what string, err error) {
	if c.Name == systemName {
		return t.systemState()
	}
	settings := c.Settings(t.machine, t.files)
	switch {
	case !t.machine.Has(c):
		return "not here", "", nil
	case t.systemWillDo(c):
		return "believes it", "as the system does", nil
	case len(settings) == 0:
		return "to do", withNote(t.inTerminals(c), c.Note), nil
	}
	plan, err := t.journal.Plan(ownerOf(c.Name), settings...)
	if err != nil {
		return "", "", err
	}
	place := fmt.Sprintf("%s: %s", settings[0].File.Path, settings[0].Key)
	if len(plan.Changed()) == 0 {
		return "believes it", place + t.overruled(c), nil
	}
	return "to do", withNote(place+" = "+settings[0].Value, c.Note), nil
}

func (t *truster) systemState() (state, what string, err error) {
	system, ok := trust.SystemOf(t.machine)
	switch {
	case !ok:
		return "to do", "where this system keeps what it believes is not known", nil
	case system.Believes(t.files):
		return "believes it", system.Kind(), nil
	}
	return "to do", strings.Join(system.Commands(t.files, false), "; "), nil
}

func withNote(what, note string) string {
	if note == "" || note == what {
		return what
	}
	return what + " (" + note + ")"
}

func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ")
}
