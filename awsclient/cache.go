package awsclient

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"entrepot/artifact"
	"entrepot/durable"
)

// enough is how long a token has to be good for to be given out once more: longer than most builds.
const enough = time.Hour

// Cache keeps tokens in a folder, each in a file that only its owner can read.
type Cache struct{ Folder string }

// kept is a token in a file.
type kept struct {
	Token   string    `json:"token"`
	Expires time.Time `json:"expires"`
}

// Token is a token that is good for another hour, or a new one: also if what is kept cannot be read. One that was asked for
// less than an hour is always new.
func (k Cache) Token(ctx context.Context, c *Client, d Domain, seconds int) (Token, error) {
	p := c.profile
	of := strings.Join([]string{p.Endpoint, p.Region, p.Signer.KeyID, d.Name, d.Owner, strconv.Itoa(seconds)}, "\n")
	name := sha256.Sum256([]byte(of))
	path := filepath.Join(k.Folder, hex.EncodeToString(name[:16]))
	if text, err := os.ReadFile(path); err == nil {
		var old kept
		if json.Unmarshal(text, &old) == nil && old.Token != "" && old.Expires.Sub(c.now()) > enough {
			return Token{artifact.NewSecret(old.Token), old.Expires}, nil
		}
	}
	t, err := c.Token(ctx, d, seconds)
	if err != nil {
		return Token{}, err
	}
	text, err := json.Marshal(kept{t.Value.Reveal(), t.Expires})
	if err != nil {
		return Token{}, err
	}
	if err := os.MkdirAll(k.Folder, 0o700); err != nil {
		return Token{}, fmt.Errorf("keep the token: %w", err)
	}
	if err := durable.WriteFile(path, text, 0o600); err != nil {
		return Token{}, fmt.Errorf("keep the token: %w", err)
	}
	return t, nil
}

// Clear forgets all tokens that are kept.
func (k Cache) Clear() error {
	if err := os.RemoveAll(k.Folder); err != nil {
		return fmt.Errorf("remove the kept tokens: %w", err)
	}
	return nil
}
