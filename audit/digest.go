package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// Digest says what was exported of a period, and what was before it. Each names the hash of the one before, so that none can be
// changed, left out or put in between without breaking the chain, and each is signed.
//
// Its file has two lines: the digest, and the signature of that line's bytes.
type Digest struct {
	Start time.Time `json:"digestStartTime"`
	End   time.Time `json:"digestEndTime"`
	// Events are the numbers of the events that the period has: those behind After, up to Last. Those of the period before end at
	// After.
	After int64 `json:"afterEvent"`
	Last  int64 `json:"lastEvent"`
	// Log is the file with their records. A period without any has none, and a digest all the same.
	Log      *Log   `json:"logFile,omitempty"`
	Previous string `json:"previousDigestHash,omitempty"` // SHA-256 of the file before, in hex; empty for the first
}

// Log is a file of records: gzip over JSON, {"Records":[…]}.
type Log struct {
	Name    string `json:"name"` // beside the digest
	Size    int64  `json:"size"`
	Hash    string `json:"hash"` // SHA-256 in hex
	Records int    `json:"records"`
}

type signature struct {
	Signature string `json:"signature"` // Ed25519, in base64
}

// maxDigest is longer than any file of a digest.
const maxDigest = 4096

// Encode writes the file of a digest.
func (d Digest) Encode(key ed25519.PrivateKey) []byte {
	line, err := json.Marshal(d)
	if err != nil {
		panic(err) // its members have a JSON form
	}
	signed, err := json.Marshal(signature{base64.StdEncoding.EncodeToString(ed25519.Sign(key, line))})
	if err != nil {
		panic(err)
	}
	return fmt.Appendf(nil, "%s\n%s\n", line, signed)
}

// errForged says that a digest is not what was signed.
var errForged = errors.New("its signature is not that of the key")

// ParseDigest reads the file of a digest that was signed with the key, and nothing else: not one byte of it can be another.
func ParseDigest(file []byte, key ed25519.PublicKey) (Digest, error) {
	var d Digest
	if len(file) > maxDigest {
		return d, fmt.Errorf("it is longer than %d bytes", maxDigest)
	}
	lines := bytes.Split(file, []byte("\n"))
	if len(lines) != 3 || len(lines[2]) != 0 {
		return d, errors.New("it does not have two lines")
	}
	var s signature
	if err := decodeStrictly(lines[1], &s); err != nil {
		return d, fmt.Errorf("read its signature: %w", err)
	}
	sum, err := base64.StdEncoding.Strict().DecodeString(s.Signature)
	if err != nil || len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, lines[0], sum) {
		return d, errForged
	}
	if err := decodeStrictly(lines[0], &d); err != nil {
		return d, fmt.Errorf("read it: %w", err)
	}
	// Whoever signed it wrote it so: the signature says nothing of its own line.
	if want, err := json.Marshal(s); err != nil || !bytes.Equal(want, lines[1]) {
		return d, errors.New("its signature is written in another way")
	}
	return d, d.check()
}

func decodeStrictly(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows it")
	}
	return nil
}

func (d Digest) check() error {
	switch {
	case !d.Start.Before(d.End):
		return errors.New("its period has no length")
	case d.After < 0 || d.Last < d.After:
		return errors.New("its events are none")
	case d.Log != nil && d.Log.Name != LogName(d.Start):
		return errors.New("its log is not the period's")
	}
	return nil
}

// Hash is the SHA-256 of a file in hex.
func Hash(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}

const (
	nameLayout   = "2006-01-02T150405Z"
	digestSuffix = ".digest.json"
	logSuffix    = ".json.gz"
)

// DigestName is the name of a period's digest, in the folder of its day. In order of their names, digests are in that of time.
func DigestName(start time.Time) string { return start.UTC().Format(nameLayout) + digestSuffix }

// LogName is the name of a period's records, beside its digest.
func LogName(start time.Time) string { return start.UTC().Format(nameLayout) + logSuffix }

// Day is the folder of a period, below that of the export.
func Day(start time.Time) string { return start.UTC().Format("2006/01/02") }

// startOf reads the period from the name of a digest or a log.
func startOf(name string) (start time.Time, digest, ok bool) {
	stem, digest := strings.CutSuffix(name, digestSuffix)
	if !digest {
		stem = strings.TrimSuffix(name, logSuffix)
	}
	start, err := time.Parse(nameLayout, stem)
	return start, digest, err == nil && (name == DigestName(start) || name == LogName(start))
}

// IsDigest reports whether a file is called as digests are.
func IsDigest(name string) bool {
	_, digest, ok := startOf(name)
	return digest && ok
}

// PublicKey reads a key as entrepot audit key prints it.
func PublicKey(text string) (ed25519.PublicKey, error) {
	key, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("a key has %d bytes in base64", ed25519.PublicKeySize)
	}
	return key, nil
}

// KeyText is a key as people copy it.
func KeyText(key ed25519.PublicKey) string { return base64.StdEncoding.EncodeToString(key) }
