package sealed_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"entrepot/artifact"
	"entrepot/blob"
	"entrepot/blob/blobtest"
	"entrepot/blob/disk"
	"entrepot/blob/disk/fault"
	"entrepot/blob/mem"
	"entrepot/blob/sealed"
)

const (
	chunk   = 64 << 10
	tag     = 16
	trailer = 68
)

func newKeyring(t testing.TB) *sealed.Keyring {
	t.Helper()
	k, err := sealed.OpenKeyring(t.TempDir())
	if err != nil {
		t.Fatalf("open keyring: %v", err)
	}
	return k
}

func newKey(t testing.TB) sealed.DataKey {
	t.Helper()
	k := newKeyring(t)
	key, err := k.Unwrap(k.NewDataKey())
	if err != nil {
		t.Fatalf("unwrap: %v", err)
	}
	return key
}

func newDisk(t testing.TB, dir string, o disk.Options) blob.Store {
	t.Helper()
	d, err := disk.Open(dir, o)
	if err != nil {
		t.Fatalf("open disk: %v", err)
	}
	t.Cleanup(func() { _ = d.Close() })
	s, err := d.Space("acme")
	if err != nil {
		t.Fatalf("space: %v", err)
	}
	return s
}

func TestSealedMemoryKeepsTheContract(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return sealed.New(mem.New(time.Now), newKey(t)) })
}

func TestSealedDiskKeepsTheContract(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store {
		return sealed.New(newDisk(t, t.TempDir(), disk.Options{}), newKey(t))
	})
}

func TestSealedDiskMendsAnyDamage(t *testing.T) {
	blobtest.RunMending(t, func(t *testing.T) (blob.Store, []blobtest.Damage) {
		dir := t.TempDir()
		return sealed.New(newDisk(t, dir, disk.Options{}), newKey(t)), blobtest.FileDamages(func(d artifact.Digest) string {
			return filepath.Join(dir, "acme", d.String()[:2], d.String()[2:])
		})
	})
}

func BenchmarkSealedMemory(b *testing.B) {
	blobtest.Bench(b, func(b *testing.B) blob.Store { return sealed.New(mem.New(time.Now), newKey(b)) })
}

func BenchmarkSealedDisk(b *testing.B) {
	blobtest.Bench(b, func(b *testing.B) blob.Store {
		return sealed.New(newDisk(b, b.TempDir(), disk.Options{}), newKey(b))
	})
}

func TestNoPlaintextReachesTheFolder(t *testing.T) {
	dir := t.TempDir()
	s := sealed.New(newDisk(t, dir, disk.Options{}), newKey(t))
	const marker = "a marker that stands in every line of the content\n"
	want := []byte(strings.Repeat(marker, 4*chunk/len(marker)))
	draft, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = draft.Discard() }()
	for rest := want; len(rest) > 0; {
		n := min(10_000, len(rest))
		if _, err := draft.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if n := bytesBelow(t, dir, "marker"); n < 2*chunk {
		t.Fatalf("only %d bytes of the open draft are on disk, so nothing is shown", n)
	}
	digest := sha256.Sum256(want)
	if _, err := draft.Commit(t.Context(), digest); err != nil {
		t.Fatal(err)
	}
	if got, err := blobtest.Whole(t, s, digest); err != nil || !bytes.Equal(got, want) {
		t.Errorf("read back %d bytes, %v", len(got), err)
	}
	bytesBelow(t, dir, "marker")
}

// bytesBelow returns the length of all files below dir and fails the test if one of them holds the marker.
func bytesBelow(t *testing.T, dir, marker string) (total int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(marker)) {
			t.Errorf("%s holds plaintext", path)
		}
		total += len(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return total
}

// A bench holds sealed content open to tampering: what the inner store keeps can be read and replaced.
type bench struct {
	*sealed.Store
	inner blob.Store
}

func newBench(t testing.TB) *bench {
	inner := mem.New(time.Now)
	return &bench{sealed.New(inner, newKey(t)), inner}
}

// raw returns the sealed bytes of b, which it commits.
func (b *bench) raw(t testing.TB, content []byte) (artifact.Digest, []byte) {
	t.Helper()
	digest := blobtest.Keep(t, b, content).Digest
	c, err := b.inner.Open(t.Context(), digest)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	raw, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return digest, raw
}

// plant puts raw in the place of d.
func (b *bench) plant(t testing.TB, d artifact.Digest, raw []byte) {
	t.Helper()
	draft, err := b.inner.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = draft.Discard() }()
	if _, err := draft.Write(raw); err != nil {
		t.Fatal(err)
	}
	if _, err := draft.Commit(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

// wantCorrupt reads d in each way there is. All of them must fail with ErrCorrupt, and what comes before the failure
// must be the beginning of want.
func (b *bench) wantCorrupt(t *testing.T, d artifact.Digest, want []byte) {
	t.Helper()
	for how, read := range map[string]func(c blob.Content) ([]byte, error){
		"Read": func(c blob.Content) ([]byte, error) { return io.ReadAll(struct{ io.Reader }{c}) },
		"WriteTo": func(c blob.Content) ([]byte, error) {
			var w bytes.Buffer
			_, err := io.Copy(&w, c)
			return w.Bytes(), err
		},
		"ReadAt": func(c blob.Content) ([]byte, error) {
			p := make([]byte, len(want))
			n, err := c.ReadAt(p, 0)
			if bytes.ContainsFunc(p[n:], func(r rune) bool { return r != 0 }) {
				t.Error("ReadAt leaves unproven bytes behind those it reports")
			}
			return p[:n], err
		},
	} {
		c, err := b.Open(t.Context(), d)
		var got []byte
		if err == nil {
			got, err = read(c)
			_ = c.Close()
		}
		if !errors.Is(err, blob.ErrCorrupt) || !bytes.HasPrefix(want, got) {
			t.Errorf("%s: got %d bytes and error %v, want %v", how, len(got), err, blob.ErrCorrupt)
		}
	}
}

func TestAFlipOfAnyBitIsRefused(t *testing.T) {
	b := newBench(t)
	want := blobtest.Bytes(1, 40)
	digest, raw := b.raw(t, want)
	for i := range raw {
		for bit := range 8 {
			tampered := slices.Clone(raw)
			tampered[i] ^= 1 << bit
			b.plant(t, digest, tampered)
			b.wantCorrupt(t, digest, want)
			if t.Failed() {
				t.Fatalf("flipped bit %d of byte %d of %d", bit, i, len(raw))
			}
		}
	}
}

func TestAFlipAnywhereInManyChunksIsRefused(t *testing.T) {
	b := newBench(t)
	want := blobtest.Bytes(2, 3*chunk+100)
	digest, raw := b.raw(t, want)
	for _, i := range []int{0, chunk, chunk + tag - 1, chunk + tag, 2 * (chunk + tag), 3*(chunk+tag) + 5,
		len(raw) - trailer - 1, len(raw) - trailer, len(raw) - 1} {
		tampered := slices.Clone(raw)
		tampered[i] ^= 0x10
		b.plant(t, digest, tampered)
		b.wantCorrupt(t, digest, want)
		if t.Failed() {
			t.Fatalf("flipped a bit of byte %d of %d", i, len(raw))
		}
	}
}

func TestAnyOtherLengthIsRefused(t *testing.T) {
	b := newBench(t)
	for _, size := range []int{0, 1, 30} {
		want := blobtest.Bytes(3, size)
		digest, raw := b.raw(t, want)
		for n := range len(raw) {
			b.plant(t, digest, raw[:n])
			b.wantCorrupt(t, digest, want)
			if t.Failed() {
				t.Fatalf("cut to %d of %d bytes", n, len(raw))
			}
		}
		b.plant(t, digest, append(slices.Clone(raw), 0))
		b.wantCorrupt(t, digest, want)
	}
}

// TestTamperingIsRefused is P59 of docs/behaviour.md: each row does what somebody with access to the files could.
func TestTamperingIsRefused(t *testing.T) {
	const sealedChunk = chunk + tag
	b := newBench(t)
	want := blobtest.Bytes(4, 3*chunk)
	digest, raw := b.raw(t, want)
	_, other := b.raw(t, blobtest.Bytes(5, 3*chunk))
	_, shorter := b.raw(t, want[:2*chunk])
	_, foreign := newBench(t).raw(t, want)
	body, end := raw[:len(raw)-trailer], raw[len(raw)-trailer:]
	b.plant(t, digest, raw)
	blobtest.Keep(t, b, want)
	_, again := b.raw(t, want) // the same content, sealed a second time
	for _, test := range []struct {
		name     string
		tampered []byte
	}{
		{"another_contents_file", other},
		{"another_domains_file_of_the_same_content", foreign},
		{"cut_at_a_chunk_border_without_its_trailer", body[:2*sealedChunk]},
		{"cut_at_a_chunk_border_with_its_trailer", slices.Concat(body[:2*sealedChunk], end)},
		{"cut_at_a_chunk_border_with_the_trailer_of_what_is_left", slices.Concat(body[:2*sealedChunk],
			shorter[len(shorter)-trailer:])},
		{"nothing_but_the_trailer", end},
		{"chunks_in_another_order", slices.Concat(body[sealedChunk:2*sealedChunk], body[:sealedChunk],
			body[2*sealedChunk:], end)},
		{"a_chunk_twice", slices.Concat(body[:sealedChunk], body[:sealedChunk], body[2*sealedChunk:], end)},
		{"the_last_chunk_first", slices.Concat(body[2*sealedChunk:], body[sealedChunk:2*sealedChunk],
			body[:sealedChunk], end)},
		{"a_chunk_appended", slices.Concat(body, body[:sealedChunk], end)},
		{"a_chunk_of_another_content", slices.Concat(other[:sealedChunk], body[sealedChunk:], end)},
		{"the_trailer_of_another_content", slices.Concat(body, other[len(other)-trailer:])},
		{"the_trailer_of_another_sealing_of_the_same_content", slices.Concat(body, again[len(again)-trailer:])},
		{"two_trailers", slices.Concat(raw, end)},
	} {
		t.Run(test.name, func(t *testing.T) {
			b.plant(t, digest, test.tampered)
			b.wantCorrupt(t, digest, want)
		})
	}
	b.plant(t, digest, raw)
	if _, err := blobtest.Whole(t, b, digest); err != nil {
		t.Errorf("the untouched file: %v", err)
	}
}

func TestAnotherDomainsKeyOpensNothing(t *testing.T) {
	inner := mem.New(time.Now)
	ours, theirs := sealed.New(inner, newKey(t)), sealed.New(inner, newKey(t))
	kept := blobtest.Keep(t, ours, []byte("ours"))
	if _, err := theirs.Open(t.Context(), kept.Digest); !errors.Is(err, blob.ErrCorrupt) {
		t.Errorf("got error %v, want %v", err, blob.ErrCorrupt)
	}
}

func TestEqualContentIsNeverSealedEqually(t *testing.T) {
	b := newBench(t)
	_, first := b.raw(t, []byte("content"))
	_, second := b.raw(t, []byte("content"))
	if bytes.Equal(first, second) {
		t.Error("the same content was sealed to the same bytes, want a new key each time")
	}
}

func TestDamageBelowDoesNotHideTheRest(t *testing.T) {
	b := newBench(t)
	whole := blobtest.Keep(t, b, []byte("whole"))
	bad, raw := b.raw(t, []byte("bad"))
	b.plant(t, bad, raw[:trailer+5])
	got := map[artifact.Digest]error{}
	for info, err := range b.All(t.Context()) {
		got[info.Digest] = err
	}
	if len(got) != 2 || got[whole.Digest] != nil || !errors.Is(got[bad], blob.ErrCorrupt) {
		t.Errorf("All: %v, want one whole content and a damaged one under its digest", got)
	}
	if _, err := b.Stat(t.Context(), bad); !errors.Is(err, blob.ErrCorrupt) {
		t.Errorf("stat: got error %v, want %v", err, blob.ErrCorrupt)
	}
}

func TestTheZeroKeySealsNothing(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a store with the zero key was made")
		}
	}()
	sealed.New(mem.New(time.Now), sealed.DataKey{})
}

// TestCloseUnderReadersGivesNoBufferAway closes contents while they are read and fills the pool's buffers with other
// content meanwhile: a reader must never see any of it.
func TestCloseUnderReadersGivesNoBufferAway(t *testing.T) {
	b := newBench(t)
	for _, size := range []int{1000, 3 * chunk} {
		want, noise := bytes.Repeat([]byte("w"), size), bytes.Repeat([]byte("n"), size)
		digest, other := blobtest.Keep(t, b, want).Digest, blobtest.Keep(t, b, noise).Digest
		for range 50 {
			c, err := b.Open(t.Context(), digest)
			if err != nil {
				t.Fatal(err)
			}
			var wait sync.WaitGroup
			for _, read := range []func(p []byte) (int, error){
				func(p []byte) (int, error) { return c.ReadAt(p, 100) },
				c.Read,
			} {
				wait.Go(func() {
					for p := make([]byte, 500); ; {
						n, err := read(p)
						if bytes.Contains(p[:n], []byte("n")) {
							t.Error("a reader saw another content")
						}
						if err != nil {
							return
						}
					}
				})
			}
			wait.Go(func() { _ = c.Close() })
			if _, err := blobtest.Whole(t, b, other); err != nil {
				t.Error(err)
			}
			wait.Wait()
		}
	}
}

func TestReadingOpenContentAllocatesNothing(t *testing.T) {
	b := newBench(t)
	c, err := b.Open(t.Context(), blobtest.Keep(t, b, blobtest.Bytes(6, 4*chunk)).Digest)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	p := make([]byte, chunk)
	at := int64(0)
	got := testing.AllocsPerRun(100, func() {
		at = (at + 40_000) % (3 * chunk)
		if _, err := c.ReadAt(p, at); err != nil {
			t.Fatal(err)
		}
	})
	if got >= 1 { // the pool may be emptied by a collection in between
		t.Errorf("ReadAt allocates %v times, want none", got)
	}
}

// TestFailuresBelowLeaveTheSealedStoreWhole fails each operation of the disk below in turn.
func TestFailuresBelowLeaveTheSealedStoreWhole(t *testing.T) {
	kept, added := blobtest.Bytes(7, 2*chunk+7), blobtest.Bytes(8, chunk+8)
	key := newKey(t)
	var script fault.Script
	for _, moment := range fault.Moments() {
		for n := int64(1); ; n++ {
			s := sealed.New(newDisk(t, t.TempDir(), disk.Options{FS: script.FS(disk.OS)}), key)
			blobtest.Keep(t, s, kept)
			var struck fault.Op
			script.Follow(func(i int64, op fault.Op) *fault.Fault {
				if i != n {
					return nil
				}
				struck = op
				return &fault.Fault{When: moment, Err: syscall.EIO}
			})
			acknowledged, err := addAndRead(t.Context(), s, added, sha256.Sum256(kept))
			script.Follow(nil)
			// Bytes that were read and prove right are right, whatever error came with them.
			proven := struck.Verb == fault.Read && moment == fault.After
			if struck.Verb != "" && !proven && !errors.Is(err, syscall.EIO) {
				t.Errorf("%v %v: the failure was swallowed: got error %v", moment, struck, err)
			}
			if _, err := blobtest.Whole(t, s, sha256.Sum256(kept)); err != nil {
				t.Errorf("%v %v: what was kept before: %v", moment, struck, err)
			}
			_, err = blobtest.Whole(t, s, sha256.Sum256(added))
			if err != nil && (acknowledged || !errors.Is(err, blob.ErrNotFound)) {
				t.Errorf("%v %v: acknowledged %v, then %v", moment, struck, acknowledged, err)
			}
			if struck.Verb == "" {
				break // the use is over before operation n
			}
		}
	}
}

// addAndRead commits one content and reads another. It reports whether the commit was acknowledged.
func addAndRead(ctx context.Context, s blob.Store, add []byte, read artifact.Digest) (acknowledged bool, err error) {
	draft, err := s.Create(ctx)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, draft.Discard()) }()
	if _, err := draft.Write(add); err != nil {
		return false, err
	}
	if _, err := draft.Commit(ctx, sha256.Sum256(add)); err != nil {
		return false, err
	}
	c, err := s.Open(ctx, read)
	if err != nil {
		return true, err
	}
	_, err = io.Copy(io.Discard, c)
	return true, errors.Join(err, c.Close())
}

func TestKeysCannotBePrinted(t *testing.T) {
	ring := newKeyring(t)
	key, err := ring.Unwrap(ring.NewDataKey())
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{key, &key, ring, struct{ K sealed.DataKey }{key}, struct{ R *sealed.Keyring }{ring}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x", "%q"} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, "aead") || strings.Contains(got, "0x") ||
				!strings.Contains(got, "(key)") {
				t.Errorf("%s of %T prints %.60s", verb, v, got)
			}
		}
		if got, err := json.Marshal(v); err != nil || !strings.Contains(string(got), "(key)") {
			t.Errorf("JSON of %T is %s, %v", v, got, err)
		}
	}
}

// FuzzOpenSealed plants arbitrary bytes as sealed content: nothing but ErrCorrupt may come of it, unless they are the
// untouched ones.
func FuzzOpenSealed(f *testing.F) {
	b := newBench(f)
	want := blobtest.Bytes(9, 100)
	digest, raw := b.raw(f, want)
	f.Add([]byte{})
	f.Add(raw)
	f.Add(raw[:len(raw)-1])
	f.Add(raw[len(raw)-trailer:])
	f.Add(append(slices.Clone(raw[:20]), raw[len(raw)-trailer:]...))
	f.Add(bytes.Repeat([]byte{0}, chunk+tag+trailer+17))
	f.Fuzz(func(t *testing.T, planted []byte) {
		if bytes.Equal(planted, raw) {
			return
		}
		b.plant(t, digest, planted)
		b.wantCorrupt(t, digest, want)
		if info, err := b.Stat(t.Context(), digest); err == nil && info.Size >= int64(len(planted)) {
			t.Errorf("%d sealed bytes are said to hold %d", len(planted), info.Size)
		}
	})
}

func TestSealedContentIsAsLongAsTheFormatSays(t *testing.T) {
	b := newBench(t)
	sizes := []int{0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 3*chunk + 5}
	random := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		sizes = append(sizes, random.IntN(3*chunk))
	}
	for _, size := range sizes {
		_, raw := b.raw(t, blobtest.Bytes(10, size))
		if want := size + (size+chunk-1)/chunk*tag + trailer; len(raw) != want {
			t.Errorf("%d bytes are sealed to %d, want %d", size, len(raw), want)
		}
	}
}

// swallowing is a store whose drafts keep nothing, so that BenchmarkSeal measures sealing alone.
type swallowing struct{ blob.Store }

func (swallowing) Create(context.Context) (blob.Draft, error) { return swallowed{}, nil }

type swallowed struct{ blob.Draft }

func (swallowed) Write(p []byte) (int, error) { return len(p), nil }
func (swallowed) Discard() error              { return nil }

func BenchmarkSeal(b *testing.B) {
	s := sealed.New(swallowing{mem.New(time.Now)}, newKey(b))
	content := blobtest.Bytes(11, 16<<20)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		draft, err := s.Create(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for at := 0; at < len(content); at += 32 << 10 {
			if _, err := draft.Write(content[at : at+32<<10]); err != nil {
				b.Fatal(err)
			}
		}
		_ = draft.Discard()
	}
}
