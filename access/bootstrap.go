package access

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"entrepot/artifact"
	"entrepot/audit"
	"entrepot/catalog"
	"entrepot/durable"
	"entrepot/iam"
)

// Installation is what the first start needs to know.
type Installation struct {
	Dir       string // the data folder, which exists; the credentials go to aws/ in it
	Account   artifact.AccountID
	PublicURL string // becomes endpoint_url of the profile
}

const administrator = "administrator"

// Bootstrap makes a new installation usable: on an empty catalog it creates the user administrator, who may do
// everything, with an access key, and leaves that key in Dir/aws/credentials and a profile in Dir/aws/config for AWS's
// own clients (folder mode 0700, files 0600). It reports whether it did. It is the only way to an administrator that
// needs none, and it is open once: as soon as anything was ever recorded in the catalog, it does nothing, so neither a
// removed administrator nor removed files come back.
//
// The files come first and the catalog second, in one transaction. A start that is cut short in between finds the key
// in the file and goes on with it; files that exist are never written again. Dir belongs to one process at a time.
//
// It fails on a credentials file that others may read or that holds no usable key, rather than make do with another.
func (g *Guard) Bootstrap(ctx context.Context, i Installation) (created bool, err error) {
	if !i.Account.Valid() || strings.ContainsFunc(i.PublicURL, notInToken) {
		return false, fmt.Errorf("bootstrap: account %q and public URL %q must be twelve digits and a URL",
			i.Account, i.PublicURL)
	}
	first := false
	err = g.store.Read(ctx, func(r catalog.Reader) (err error) {
		first, err = isFirst(r)
		return err
	})
	if err != nil || !first {
		return false, err
	}
	key, err := g.leaveKey(i)
	if err != nil {
		return false, fmt.Errorf("bootstrap: %w", err)
	}
	user := catalog.Principal{ID: "AIDA" + rand.Text()[:17], Account: i.Account, Kind: catalog.UserPrincipal, Path: "/",
		Name: administrator, ARN: "arn:aws:iam::" + string(i.Account) + ":user/" + administrator, CreatedAt: g.now()}
	record, err := g.seal(key, user.ID)
	if err != nil {
		return false, fmt.Errorf("bootstrap: %w", err)
	}
	// The system's own work has no principal.
	system := iam.Caller{Principal: iam.Principal{Account: string(i.Account)}}
	event, err := g.event(system, "iam:CreateUser", user.ARN, audit.Done(system, "iam:CreateUser"),
		map[string]any{"userName": user.Name, "accessKeyId": key.ID})
	if err != nil {
		return false, fmt.Errorf("bootstrap: %w", err)
	}
	err = g.store.Write(ctx, func(w catalog.Writer) error {
		first, err := isFirst(w)
		if err != nil || !first {
			created = false
			return err
		}
		created = true
		return errors.Join(
			w.CreatePrincipal(user),
			w.PutIdentityPolicy(user.ID, catalog.IdentityPolicy{Name: "AdministratorAccess", Document: allowAll}),
			w.CreateAccessKey(record),
			w.Record(event),
		)
	})
	if err != nil {
		return false, fmt.Errorf("bootstrap: %w", err)
	}
	return created, nil
}

func isFirst(r catalog.Reader) (bool, error) {
	last, err := r.LastEvent()
	if err != nil {
		return false, fmt.Errorf("look for events: %w", err)
	}
	return last == 0, nil
}

// leaveKey returns the key of the credentials file, which it writes if there is none, and leaves a config file.
func (g *Guard) leaveKey(i Installation) (AccessKey, error) {
	dir := filepath.Join(i.Dir, "aws")
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return AccessKey{}, err
	}
	if err := durable.SyncFolder(i.Dir); err != nil {
		return AccessKey{}, err
	}
	config := fmt.Sprintf("[default]\nregion = %s\nendpoint_url = %s\noutput = json\n", g.region, i.PublicURL)
	if err := leaveFile(dir, "config", config); err != nil {
		return AccessKey{}, err
	}
	key := newAccessKey()
	credentials := fmt.Sprintf("[default]\n%s = %s\n%s = %s\n", keyIDSetting, key.ID, secretSetting, key.Secret.Reveal())
	if err := leaveFile(dir, "credentials", credentials); err != nil {
		return AccessKey{}, err
	}
	// What stands in the file counts: it may be older than this start.
	return readCredentials(filepath.Join(dir, "credentials"))
}

// leaveFile makes a file with mode 0600 that is there whole or not at all, and durable on return. A file of that name
// that exists is left as it is.
func leaveFile(dir, name, text string) error {
	path := filepath.Join(dir, name)
	if _, err := os.Lstat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	draft := filepath.Join(dir, "."+name+".new")
	// One left behind by a start that was cut short may have any mode.
	if err := os.Remove(draft); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := writeDurably(draft, text); err != nil {
		return errors.Join(err, os.Remove(draft))
	}
	// A link, unlike a renaming, does not replace.
	err := os.Link(draft, path)
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	return errors.Join(err, os.Remove(draft), durable.SyncFolder(dir))
}

func writeDurably(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}
