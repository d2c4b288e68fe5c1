package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact"
	"github.com/aws/aws-sdk-go-v2/service/codeartifact/types"
)

// pattern is content of any size that takes no room: it can be sought, as the SDK wants it, and differs everywhere.
type pattern struct{ at, size int64 }

const patternStep = 8

func (p *pattern) Read(b []byte) (int, error) {
	if p.at >= p.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(b)), p.size-p.at))
	for i := range n {
		at := p.at + int64(i)
		word := uint64(at/patternStep)*0x9e3779b97f4a7c15 + 1
		b[i] = byte(word >> (8 * (at % patternStep)))
	}
	p.at += int64(n)
	return n, nil
}

func (p *pattern) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += p.at
	case io.SeekEnd:
		offset += p.size
	}
	p.at = offset
	return offset, nil
}

// peakMemory is the most memory that the server has had, in bytes.
func (i *instance) peakMemory(t *testing.T) int64 {
	t.Helper()
	return i.memory(t, "VmHWM")
}

// memory is what proc(5) says of the server's memory, in bytes: VmRSS, what it has, or VmHWM, the most it has had.
func (i *instance) memory(t *testing.T, what string) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.cmd.Process.Pid))
	if err != nil {
		t.Skip("this system does not tell what memory a process has had:", err)
	}
	for line := range bytes.Lines(status) {
		var kib int64
		if n, _ := fmt.Sscanf(string(line), what+": %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	t.Fatal("no", what)
	return 0
}

// TestALargeAssetGoesInAndOutInConstantMemory has ENTREPOT_LARGE megabytes, by default few enough for every run.
func TestALargeAssetGoesInAndOutInConstantMemory(t *testing.T) {
	size := int64(256 << 20)
	if text := os.Getenv("ENTREPOT_LARGE"); text != "" {
		megabytes, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		size = int64(megabytes) << 20
	}
	f := newFixture(t)
	id, secret, err := f.key()
	f.must(err)
	client := codeartifact.New(codeartifact.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(f.url),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
		}),
	})
	sum := sha256.New()
	_, _ = io.Copy(sum, &pattern{size: size})
	before := f.peakMemory(t)
	put, err := client.PublishPackageVersion(t.Context(), &codeartifact.PublishPackageVersionInput{
		Domain: aws.String(domain), Repository: aws.String("my-repo"), Format: types.PackageFormatGeneric,
		Namespace: aws.String("tools"), Package: aws.String("image"), PackageVersion: aws.String("1"),
		AssetName: aws.String("disk.img"), AssetContent: &pattern{size: size},
		AssetSHA256: aws.String(hex.EncodeToString(sum.Sum(nil))),
	})
	f.must(err)
	if put.Asset.Size == nil || *put.Asset.Size != size {
		t.Fatalf("published %v bytes, want %d", put.Asset.Size, size)
	}
	got, err := client.GetPackageVersionAsset(t.Context(), &codeartifact.GetPackageVersionAssetInput{
		Domain: aws.String(domain), Repository: aws.String("my-repo"), Format: types.PackageFormatGeneric,
		Namespace: aws.String("tools"), Package: aws.String("image"), PackageVersion: aws.String("1"),
		Asset: aws.String("disk.img"),
	})
	f.must(err)
	defer got.Asset.Close()
	read := sha256.New()
	if n, err := io.Copy(read, got.Asset); err != nil || n != size || !bytes.Equal(read.Sum(nil), sum.Sum(nil)) {
		t.Fatalf("read %d of %d bytes, the same: %v, %v", n, size, bytes.Equal(read.Sum(nil), sum.Sum(nil)), err)
	}
	const room = 64 << 20 // for what a server needs anyway, and far less than the asset
	if after := f.peakMemory(t); after-before > room {
		t.Errorf("the server's memory rose from %d to %d MiB for an asset of %d", before>>20, after>>20, size>>20)
	}
}
