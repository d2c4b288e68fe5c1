package pypi

import (
	"bytes"
	"compress/gzip"
	"io"
	"slices"
	"testing"

	"entrepot/artifact"
)

// describedDemo are files of one version that tell different things of it.
func describedDemo(t testing.TB) []offeredFile {
	say := func(summary string, more ...string) string {
		return metadataText("demo", "1.0", append([]string{"Summary: " + summary + "\n", "License: MIT\n"}, more...)...)
	}
	return []offeredFile{
		{demoSdist, sdistOf(t, "demo-1.0", say("of the source")), nil},
		{demoWheel, wheelOf(t, "demo", "1.0", say("of the wheel", "Requires-Dist: Left_Pad>=1\n")), nil},
		{"demo-1.0-cp313-cp313-win_amd64.whl", wheelOf(t, "demo", "1.0", say("of Windows")), nil},
	}
}

func TestWhatIsFetchedDescribesItsVersion(t *testing.T) {
	s := newSite(t)
	files := describedDemo(t)
	s.offer("demo", files...)
	for _, step := range []struct{ fetch, summary string }{
		{files[0].name, "of the source"}, {files[1].name, "of the wheel"}, {files[2].name, "of the wheel"},
	} {
		s.Get("simple/demo/1.0/" + step.fetch)
		if got := s.held(shelf, key("demo", "1.0")).Details; got.Summary != step.summary {
			t.Errorf("after %s: got %q, want what is said %s", step.fetch, got.Summary, step.summary)
		}
	}
	// The registry says something new about a file, and the version follows it.
	files[1].say = object{"yanked": "broken"}
	s.offer("demo", files...)
	if got := s.fileNamed("demo", demoWheel)["yanked"]; got != "broken" {
		t.Fatalf("got yanked %v, want the registry's reason", got)
	}
	got := s.held(shelf, key("demo", "1.0")).Details
	needs := []artifact.Dependency{{Package: "left-pad", Type: dependencyType, Requirement: ">=1"}}
	if got.Summary != "of the wheel" || !slices.Equal(got.Dependencies, needs) || len(got.Licenses) != 1 || got.Licenses[0].Name != "MIT" {
		t.Errorf("got %+v, want what the wheel says", got)
	}
}

// The source distribution was asked for when nothing of the version was here, and comes last.
func TestWhatComesLateDescribesNoVersionThatIsDescribedBetter(t *testing.T) {
	s := newSite(t)
	files := describedDemo(t)
	s.offer("demo", files...)
	release := s.Registry(publicOne).Hold("files/" + demoSdist)
	t.Cleanup(release)
	late, err := s.Shelf(shelf, artifact.PyPI).Open(t.Context(), key("demo", "1.0"), demoSdist)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Transfer.Close()
	s.Get("simple/demo/1.0/" + demoWheel)
	release()
	if got, err := io.ReadAll(late.Transfer); err != nil || string(got) != files[0].content {
		t.Fatalf("got %d bytes, %v", len(got), err)
	}
	v := s.held(shelf, key("demo", "1.0"))
	if a, ok := v.Asset(demoSdist); v.Details.Summary != "of the wheel" || !ok || a.Promised {
		t.Errorf("got %q, promised %v, want what the wheel says, and both files", v.Details.Summary, a.Promised)
	}
}

func TestWhatCannotBeReadTellsNothing(t *testing.T) {
	another := metadataText("other", "1.0", "Summary: of another\n")
	for name, f := range map[string]offeredFile{
		"no archive":                 {demoWheel, "wheel", nil},
		"a wheel of another project": {demoWheel, wheelOf(t, "other", "1.0", another), nil},
		"no metadata":                {demoWheel, zipOf(t, archived{"demo/__init__.py", ""}), nil},
		"a source of another":        {demoSdist, sdistOf(t, "demo-1.0", another), nil},
		"a source that is very large": {demoSdist, tarGz(t, gzip.NoCompression, fileAt("demo-1.0/data", string(make([]byte, maxDescribing))),
			fileAt("demo-1.0/PKG-INFO", metadataText("demo", "1.0", "Summary: large\n"))), nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.offer("demo", f)
			if got := s.Get("simple/demo/1.0/" + f.name); got != f.content {
				t.Errorf("got %d bytes, want the %d of the file", len(got), len(f.content))
			}
			if got := s.held(shelf, key("demo", "1.0")).Details; got.Summary != "" {
				t.Errorf("got the summary %q, want none", got.Summary)
			}
		})
	}
}

// What a distribution tells is bounded, whatever is in it.
func FuzzDescribeFile(f *testing.F) {
	for _, file := range describedDemo(f) {
		f.Add(file.name, []byte(file.content))
	}
	f.Fuzz(func(t *testing.T, file string, content []byte) {
		d, _ := describeFile(key("demo", "1.0"), file, bytes.NewReader(content), int64(len(content)))
		if len(d.Summary) > artifact.MaxMetadataField || len(d.Readme) > artifact.MaxMetadataField || len(d.Dependencies) > maxFields {
			t.Errorf("got %d bytes of summary, %d of readme, %d dependencies", len(d.Summary), len(d.Readme), len(d.Dependencies))
		}
	})
}
